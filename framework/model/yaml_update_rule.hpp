#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/update_rule.hpp"
#include "model/expression.hpp"
#include "model/operand.hpp"

namespace talweg {

/// An optimizer as `optimizers:` defines it.
struct UpdateDefinition {
  struct State {
    std::string name;
    std::optional<double> initial = {};  ///< nothing where it begins as the parameter
  };
  struct Assignment {
    std::string name;  ///< of `graph:`, of a state, or "param"
    Expression expression;
  };

  std::string name;
  Span place;
  std::vector<Hyperparameter> hyperparameters;
  std::vector<State> states;
  std::vector<Assignment> graph;        ///< names for parts of the update, each of those before it
  std::vector<Assignment> updates;      ///< all from the values before the step
  std::string evaluated;                ///< the state that the model is evaluated with; "" for param
  std::map<std::string, Operand> lets;  ///< the file's named numbers
};

/// The sources of the definition's expressions outlive the rule.
[[nodiscard]] std::shared_ptr<const UpdateRule> make_update_rule(UpdateDefinition definition);

}  // namespace talweg
