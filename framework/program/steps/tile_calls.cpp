#include "program/steps/tile_calls.hpp"

#include <algorithm>

namespace talweg {
namespace {

using kernels::Elementwise;
using kernels::Inner;
using kernels::Outer;
using Leaf = TileCall::Leaf;

std::optional<Inner> inner_for(Elementwise function) {
  switch (function) {
    case Elementwise::add:
      return Inner::add;
    case Elementwise::subtract:
      return Inner::subtract;
    case Elementwise::multiply:
      return Inner::multiply;
    case Elementwise::divide:
      return Inner::divide;
    case Elementwise::square:
      return Inner::square;
    case Elementwise::sqrt:
      return Inner::sqrt;
    default:
      return std::nullopt;
  }
}

/// Of a function one of whose operands, at that position, is the inner value.
std::optional<Outer> outer_for(Elementwise function, std::size_t position) {
  switch (function) {
    case Elementwise::add:
      return Outer::add;
    case Elementwise::subtract:
      return position == 0 ? Outer::subtract : Outer::subtract_from;
    case Elementwise::multiply:
      return Outer::multiply;
    case Elementwise::divide:
      return position == 0 ? Outer::divide : Outer::divide_into;
    case Elementwise::sqrt:
      return Outer::sqrt;
    case Elementwise::relu:
      return Outer::relu;
    default:
      return std::nullopt;
  }
}

/// A comparison of its first operand with its second, or of the second with the first.
struct Comparison {
  kernels::Choice choice;
  bool is_exchanged;
};
std::optional<Comparison> comparison_for(Elementwise function) {
  switch (function) {
    case Elementwise::less_equal:
      return Comparison{kernels::Choice::less_equal, false};
    case Elementwise::greater_equal:
      return Comparison{kernels::Choice::less_equal, true};
    case Elementwise::greater:
      return Comparison{kernels::Choice::greater, false};
    case Elementwise::less:
      return Comparison{kernels::Choice::greater, true};
    default:
      return std::nullopt;
  }
}

/// Finds calls from the last value to the first: each takes in what it alone needs.
class Composer {
 public:
  Composer(std::span<const TileValue> values, const IsSingle& is_single)
      : values_(values), is_single_(is_single), uses_(values.size(), 0), taken_in_(values.size(), false) {
    for (const TileValue& value : values)
      for (const TileOperand& operand : operands_of(value))
        if (operand.is_value) ++uses_[operand.index];
    stored_before_.push_back(0);
    for (const TileValue& value : values)
      stored_before_.push_back(stored_before_.back() + (value.stored ? 1 : 0));
  }

  std::vector<TileCall> run() {
    std::vector<TileCall> calls;
    for (auto value = static_cast<std::uint32_t>(values_.size()); value-- > 0;)
      if (!taken_in_[value]) calls.push_back(call_for(value));
    std::ranges::reverse(calls);
    return calls;
  }

 private:
  TileCall call_for(std::uint32_t value) {
    for (const auto find :
         {&Composer::products, &Composer::product_of_difference, &Composer::choice, &Composer::composed})
      if (const std::optional<TileCall> call = (this->*find)(value)) return *call;
    TileCall call{value, values_[value].function, {}};
    for (std::size_t k = 0; k < values_[value].operand_count; ++k) call.operands[k] = Leaf{value, k};
    return call;
  }

  static std::span<const TileOperand> operands_of(const TileValue& value) {
    return std::span(value.operands).first(value.operand_count);
  }

  [[nodiscard]] bool is_single(const Leaf& leaf) const {
    return is_single_(values_[leaf.value], leaf.operand);
  }

  /// The value at that leaf, if the call for `outer` may compute it on its way. What is read from memory is
  /// not read later than something is written there that may take its place.
  [[nodiscard]] std::optional<std::uint32_t> inner(std::uint32_t outer, const Leaf& leaf) const {
    const TileOperand operand = values_[leaf.value].operands[leaf.operand];
    if (!operand.is_value) return std::nullopt;
    const TileValue& value = values_[operand.index];
    if (value.stored || uses_[operand.index] != 1) return std::nullopt;
    const bool reads = !std::ranges::all_of(operands_of(value), &TileOperand::is_value);
    if (reads && stored_before_[outer] != stored_before_[operand.index]) return std::nullopt;
    return operand.index;
  }

  [[nodiscard]] std::optional<std::uint32_t> inner(std::uint32_t outer, const Leaf& leaf,
                                                   Elementwise function) const {
    const std::optional<std::uint32_t> found = inner(outer, leaf);
    return found && values_[*found].function == function ? found : std::nullopt;
  }

  std::optional<TileCall> composed(std::uint32_t value) {
    const TileValue& outer = values_[value];
    for (std::size_t k = 0; k < outer.operand_count; ++k) {
      const std::optional<std::uint32_t> found = inner(value, {value, k});
      if (!found) continue;
      const std::optional<Inner> of_inner = inner_for(values_[*found].function);
      const std::optional<Outer> of_outer = outer_for(outer.function, k);
      const std::size_t inner_count = values_[*found].operand_count;
      if (!of_inner || !of_outer || (inner_count == 1 && outer.operand_count == 1)) continue;
      TileCall call{value, Composed{*of_inner, *of_outer}, {}};
      for (std::size_t i = 0; i < inner_count; ++i) call.operands[i] = Leaf{*found, i};
      if (outer.operand_count == 2) call.operands[2] = Leaf{value, 1 - k};
      const bool one_number =
          inner_count == 2 && is_single(*call.operands[0]) && is_single(*call.operands[1]);
      if (one_number) continue;
      taken_in_[*found] = true;
      return call;
    }
    return std::nullopt;
  }

  /// The operands of a product with one that is a single number, if any, in front.
  std::optional<std::array<Leaf, 2>> factors(std::uint32_t product) const {
    std::array<Leaf, 2> leaves = {Leaf{product, 0}, Leaf{product, 1}};
    if (is_single(leaves[1])) std::swap(leaves[0], leaves[1]);
    if (is_single(leaves[1])) return std::nullopt;
    return leaves;
  }

  std::optional<TileCall> products(std::uint32_t value) {
    const bool subtracts = values_[value].function == Elementwise::subtract;
    if (!subtracts && values_[value].function != Elementwise::add) return std::nullopt;
    auto left = inner(value, {value, 0}, Elementwise::multiply);
    auto right = inner(value, {value, 1}, Elementwise::multiply);
    if (!left || !right) return std::nullopt;
    auto of_left = factors(*left), of_right = factors(*right);
    if (!of_left || !of_right) return std::nullopt;
    auto square = inner(value, (*of_right)[1], Elementwise::square);
    if (!square && !subtracts) {
      square = inner(value, (*of_left)[1], Elementwise::square);
      if (square) std::swap(of_left, of_right);
    }
    if (square) {
      taken_in_[*square] = true;
      (*of_right)[1] = {*square, 0};
    }
    taken_in_[*left] = taken_in_[*right] = true;
    return TileCall{value,
                    Products{subtracts, square.has_value()},
                    {(*of_left)[0], (*of_left)[1], (*of_right)[0], (*of_right)[1]}};
  }

  /// The gradient of a sigmoid is one.
  std::optional<TileCall> product_of_difference(std::uint32_t value) {
    if (values_[value].function != Elementwise::multiply) return std::nullopt;
    for (std::size_t k = 0; k < 2; ++k) {
      const auto product = inner(value, {value, k}, Elementwise::multiply);
      if (!product || is_single({value, 1 - k})) continue;
      for (std::size_t l = 0; l < 2; ++l) {
        const auto difference = inner(value, {*product, l}, Elementwise::subtract);
        if (!difference || is_single({*difference, 1}) || is_single({*product, 1 - l})) continue;
        taken_in_[*product] = taken_in_[*difference] = true;
        return TileCall{
            value,
            ProductOfDifference{},
            {Leaf{*difference, 0}, Leaf{*difference, 1}, Leaf{*product, 1 - l}, Leaf{value, 1 - k}}};
      }
    }
    return std::nullopt;
  }

  /// The gradient of relu is one.
  std::optional<TileCall> choice(std::uint32_t value) {
    if (values_[value].function != Elementwise::where) return std::nullopt;
    const auto condition = inner(value, {value, 0});
    if (!condition) return std::nullopt;
    const auto comparison = comparison_for(values_[*condition].function);
    if (!comparison) return std::nullopt;
    Leaf a{*condition, 0}, b{*condition, 1};
    if (comparison->is_exchanged) std::swap(a, b);
    if (is_single(a)) return std::nullopt;
    taken_in_[*condition] = true;
    return TileCall{value, Chosen{comparison->choice}, {a, b, Leaf{value, 1}, Leaf{value, 2}}};
  }

  std::span<const TileValue> values_;
  const IsSingle& is_single_;
  std::vector<std::size_t> uses_;
  std::vector<bool> taken_in_;
  std::vector<std::size_t> stored_before_;  ///< by value: how many before it are written to memory
};

}  // namespace

std::vector<TileCall> calls_for(std::span<const TileValue> values, const IsSingle& is_single) {
  return Composer(values, is_single).run();
}

}  // namespace talweg
