#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "kernels/kernels.hpp"
#include "program/view.hpp"

namespace talweg {

/// An operand of a function of an elementwise group: a value of the group, or a view that broadcasts to its
/// shape.
struct TileOperand {
  bool is_value = false;
  std::uint32_t index = 0;  ///< into values or views
  friend bool operator==(const TileOperand&, const TileOperand&) = default;
};

/// A function of earlier values and of views.
struct TileValue {
  kernels::Elementwise function;
  std::array<TileOperand, 3> operands;
  std::size_t operand_count;
  std::optional<BufferId> stored;
  std::size_t tile = 0;  ///< where it lives unless it is stored
};

/// inner(a, b), and the outer function of that and c. A function of one operand leaves the other out.
struct Composed {
  kernels::Inner inner;
  kernels::Outer outer;
};
/// a b + c d or a b - c d, where `squares` with d^2 for d
struct Products {
  bool subtracts, squares;
};
/// (a - b) c d
struct ProductOfDifference {};
/// c or d, as a and b compare
struct Chosen {
  kernels::Choice choice;
};

/// A kernel's call for a tile: it computes a value, and on the way those that nobody else needs.
struct TileCall {
  /// An operand of the kernel: that operand of that value.
  struct Leaf {
    std::uint32_t value;
    std::size_t operand;
  };
  static constexpr std::size_t kMostOperands = 4;

  std::uint32_t value;
  std::variant<kernels::Elementwise, Composed, Products, ProductOfDifference, Chosen> kernel;
  /// By position in the kernel; nothing where it does not read that operand.
  std::array<std::optional<Leaf>, kMostOperands> operands;
};

/// Is the operand of the value one number for the whole tile?
using IsSingle = std::function<bool(const TileValue& value, std::size_t operand)>;

/// Calls for all values, in an order in which each comes after its operands: as few as the kernels allow.
[[nodiscard]] std::vector<TileCall> calls_for(std::span<const TileValue> values, const IsSingle& is_single);

}  // namespace talweg
