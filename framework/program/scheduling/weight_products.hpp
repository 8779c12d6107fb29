#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "program/panels.hpp"
#include "program/plan.hpp"

namespace talweg {

/// A product of which one operand, or what it is subtracted from, is a matrix of weights (k, n) in panels.
/// For m examples:
struct WeightProduct {
  enum class Kind : std::uint8_t {
    forward,         ///< result (m, n) = input (m, k) @ weights, plus bias, or relu of that
    input_gradient,  ///< result (m, k) = gradient (m, n) @ weights^T, or 0 where mask is not above 0
    update,          ///< weights -= input^T @ gradient, or scale times that
    weight_gradient  ///< input^T @ gradient, from which elementwise functions compute the new weights
  };
  Kind kind = Kind::forward;
  InPanels weights;  ///< of a weight_gradient: where it goes
  std::optional<View> input, gradient, result, mask;
  std::optional<View> bias, scale;
  bool relu = false;

  /// Those that may lie in panels: an example is a row.
  [[nodiscard]] std::vector<View> matrices() const;
};

/// By step, where it is one.
using WeightProducts = std::vector<std::optional<WeightProduct>>;

/// Finds weights that can lie in panels from one run to the next: matrices of the caller's that steps
/// multiply by, and that either one product is subtracted from, or elementwise functions compute anew from a
/// gradient and from states that are theirs alone. Gives them and those states lasting buffers, has the plan
/// take them over and hand them back, and has the products do what elementwise functions would do with their
/// results: add a bias, take relu or its gradient. Steps with nothing left to do become null. Only where
/// panels are faster, and up to 2^26 elements: they are in memory twice.
[[nodiscard]] WeightProducts find_weight_products(Plan& plan, DType dtype, std::size_t bytes_of_element);

}  // namespace talweg
