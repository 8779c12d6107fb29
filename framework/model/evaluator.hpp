#pragma once

#include "model/expression.hpp"
#include "model/operand.hpp"
#include "model/scope.hpp"

namespace talweg {

/// What the expression is worth with the names of `scope`; nodes go to `graph`. Throws Error{model} with a
/// place.
[[nodiscard]] Operand evaluate(const Expression& expression, Scope& scope, Graph& graph);

}  // namespace talweg
