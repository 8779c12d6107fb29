#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
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
    update           ///< weights -= scale * input^T @ gradient
  };
  Kind kind = Kind::forward;
  InPanels weights;
  std::optional<View> input, gradient, result, mask;
  std::optional<View> bias, scale;
  bool relu = false;

  /// Those that may lie in panels: an example is a row.
  [[nodiscard]] std::vector<View> matrices() const;
};

/// By step, where it is one.
using WeightProducts = std::vector<std::optional<WeightProduct>>;

/// The values of a plan that lie in panels because all that write and read them can have them so: such
/// products, elementwise functions of values that all lie alike, and sums over the examples.
class ValuesInPanels {
 public:
  ValuesInPanels(const Plan& plan, const WeightProducts& products, std::int64_t width);

  [[nodiscard]] std::optional<InPanels> find(BufferId buffer) const;

 private:
  [[nodiscard]] bool is_possible(const View& matrix) const;
  [[nodiscard]] bool is_in_panels(const View& matrix) const;
  void add_products();
  void add_elementwise();
  void remove_others();
  [[nodiscard]] std::vector<View> views_of(std::size_t step) const;
  [[nodiscard]] bool is_done_in_panels(std::size_t step, BufferId buffer) const;

  const Plan& plan_;
  const WeightProducts& products_;
  std::int64_t width_;
  std::vector<bool> has_parts_;                         ///< by buffer
  std::unordered_map<BufferId, std::int64_t> columns_;  ///< of those that lie in panels
};

}  // namespace talweg
