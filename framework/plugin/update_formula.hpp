#pragma once

#include <string>
#include <vector>

#include "graph/update_rule.hpp"

namespace talweg {

/// What a rule does to a parameter of some kind.
struct UpdateFormula {
  std::string of;                  ///< "a matrix", "any other parameter"; "" where there is one for all
  std::vector<std::string> lines;  ///< "x' = x - alpha * g"
};

/// The update of a rule with the default values of its flags, read from the nodes that it emits: x is the
/// parameter, g its gradient, and x', m', ... what x and the states become. Throws Error{plugin}.
[[nodiscard]] std::vector<UpdateFormula> update_formulas(const UpdateRule& rule);

}  // namespace talweg
