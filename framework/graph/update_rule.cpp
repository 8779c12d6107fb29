#include "graph/update_rule.hpp"

#include <cmath>

#include "support/numbers.hpp"

namespace talweg {

namespace {

std::string describe_ends(const Hyperparameter& hyperparameter) {
  const bool has_low = std::isfinite(hyperparameter.low), has_high = std::isfinite(hyperparameter.high);
  const std::string low = format_number(hyperparameter.low), high = format_number(hyperparameter.high);
  if (has_low && has_high)
    return "in " + std::string(hyperparameter.low_excluded ? "(" : "[") + low + ", " + high +
           (hyperparameter.high_excluded ? ")" : "]");
  if (has_low) return (hyperparameter.low_excluded ? "> " : ">= ") + low;
  if (has_high) return (hyperparameter.high_excluded ? "< " : "<= ") + high;
  return "";
}

}  // namespace

std::string describe_range(const Hyperparameter& hyperparameter) {
  std::string ends = describe_ends(hyperparameter);
  if (!hyperparameter.whole) return ends;
  return ends.empty() ? "a whole number" : "a whole number " + ends;
}

}  // namespace talweg
