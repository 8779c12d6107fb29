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
  [[nodiscard]] const std::unordered_map<BufferId, InPanels>& all() const { return values_; }

 private:
  /// Notes that they lie in panels, if that is possible and new.
  bool add(const View& matrix);
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
  std::vector<bool> has_parts_;                    ///< by buffer
  std::unordered_map<BufferId, InPanels> values_;  ///< by buffer
};

}  // namespace talweg
