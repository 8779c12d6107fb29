#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "program/scheduling/weight_products.hpp"

namespace talweg {

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
