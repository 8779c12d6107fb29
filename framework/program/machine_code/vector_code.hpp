#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "graph/dtype.hpp"
#include "kernels/kernels.hpp"
#include "program/steps/tile_calls.hpp"

namespace talweg {

/// So many elements behind the beginning of a place.
struct CodePlace {
  std::uint32_t place = 0;
  std::int64_t offset = 0;
};

/// What code reads: elements one after the other, or one number for all of them.
struct CodeSource {
  CodePlace from;
  bool is_number = false;
};

/// a b + c, rounded once. Where there are two operands, c is zero.
struct MultiplyAdd {};

/// 0 + a: not the negative zero.
struct AddToZero {};

/// A function of sources and of earlier values (TileOperand).
struct CodeValue {
  std::variant<kernels::Elementwise, MultiplyAdd, AddToZero> function;
  std::array<TileOperand, 3> operands;
  std::size_t operand_count;
  std::optional<CodePlace> stored;
};

struct CodeFunctions {
  std::size_t places = 0;
  std::vector<CodeSource> sources;
  std::vector<CodeValue> values;
  std::optional<std::size_t> elements;  ///< of a run, where all have as many
};

/// Machine code for functions of elements: it computes all of them for one vector of elements after another,
/// and keeps what lies between them in registers. Every function rounds as its kernel does.
class VectorCode {
 public:
  /// `places` says where they begin, `elements` is that of the functions where they have one. A result may
  /// take the place of what no later value reads. Allocates nothing.
  using Run = void (*)(void* const* places, std::size_t elements);

  /// Is there code for this processor, and does the system let programs write some?
  [[nodiscard]] static bool is_available();
  /// Nothing where the processor or the system does not allow it, where one of the functions is an
  /// approximation by many instructions (but with AVX-512 a sigmoid of up to 8 doubles has code), where there
  /// are not registers enough, or where the code is longer than 64 KiB.
  [[nodiscard]] static std::optional<VectorCode> generate(const CodeFunctions& functions, DType dtype);

  void run(void* const* places, std::size_t elements) const { run_(places, elements); }

 private:
  VectorCode(std::shared_ptr<const void> memory, Run begin) : memory_(std::move(memory)), run_(begin) {}

  std::shared_ptr<const void> memory_;
  Run run_;
};

}  // namespace talweg
