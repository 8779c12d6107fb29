#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/update_rule.hpp"
#include "model/model.hpp"

namespace talweg {

/// A rule's hyperparameters with the values that a model gives them, or else their defaults.
class HyperparameterValues {
 public:
  /// Throws Error{model} with a place in the file: one that the rule does not have (with the nearest as
  /// hint), one that is out of range, one that is required and not given, an option that depends on `step`.
  HyperparameterValues(Graph& graph, const OptimizerSetting& setting, const Optimizer& rule);

  // REQUIRES: the rule has a number, or a flag, of that name.
  [[nodiscard]] Value number(std::string_view name) const { return numbers_.find(name)->second; }
  [[nodiscard]] bool flag(std::string_view name) const { return flags_.find(name)->second; }
  /// The numbers that are 0 in every step.
  [[nodiscard]] const std::set<NodeId>& zeros() const { return zeros_; }

 private:
  std::map<std::string, Value, std::less<>> numbers_;
  std::map<std::string, bool, std::less<>> flags_;
  std::set<NodeId> zeros_;
};

/// What was meant by the name of a hyperparameter that an optimizer does not have, as a hint, or "".
[[nodiscard]] std::string hint_for_hyperparameter(const std::string& name, const Optimizer& optimizer);

/// The values of a scalar node in some steps.
using ValuesInSteps = std::function<std::vector<double>(NodeId, const std::vector<std::int64_t>& steps)>;

/// Looks at hyperparameters of a training of `steps` that depend on `step`: in the first step, the last and a
/// thousand between them. The low end of a range may be reached where it is excluded, as a warm-up begins at
/// 0, but not in all steps. Throws Error{model} with a place in the file.
void check_schedules(const OptimizerSetting& setting, const Optimizer& rule, std::int64_t steps,
                     const ValuesInSteps& values_in);

}  // namespace talweg
