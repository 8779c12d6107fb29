#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "graph/dtype.hpp"
#include "program/steps/tile_calls.hpp"

namespace talweg {

/// Machine code for the functions of an elementwise group: it computes all of them for one vector of elements
/// after another, and keeps what lies between them in registers. Every function rounds as its kernel does.
class ElementwiseCode {
 public:
  /// `places` says where elements begin: of each view, then of each value that is stored, in their order. A
  /// result may take the place of what no later value reads. Allocates nothing.
  using Run = void (*)(void* const* places, std::size_t elements);

  /// Nothing where the processor or the system does not allow it, where one of the functions is an
  /// approximation by many instructions, where there are not registers enough, or where the code is longer
  /// than 64 KiB. `repeats`: by view, whether it is one number for all elements.
  [[nodiscard]] static std::optional<ElementwiseCode> generate(std::span<const TileValue> values,
                                                               const std::vector<bool>& repeats, DType dtype);

  void run(void* const* places, std::size_t elements) const { run_(places, elements); }

 private:
  ElementwiseCode(std::shared_ptr<const void> memory, Run begin) : memory_(std::move(memory)), run_(begin) {}

  std::shared_ptr<const void> memory_;
  Run run_;
};

}  // namespace talweg
