#pragma once

#include "model/expression.hpp"
#include "model/operand.hpp"
#include "model/scope.hpp"

namespace talweg {

/// What the expression is worth with the names of `scope`; nodes go to `graph`. Throws Error{model} with a
/// place.
[[nodiscard]] Operand evaluate(const Expression& expression, Scope& scope, Graph& graph);

/// The same where a function's name is a value too: `activation: relu`.
[[nodiscard]] Operand evaluate_argument(const Expression& expression, Scope& scope, Graph& graph);

/// Throws, unless `name` is one of `known` or a constant of the language, with the nearest one as hint.
void check_known_name(const std::string& name, const Span& place, std::vector<std::string> known);

}  // namespace talweg
