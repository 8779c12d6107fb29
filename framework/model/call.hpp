#pragma once

#include <string>
#include <vector>

#include "graph/function.hpp"
#include "model/operand.hpp"
#include "model/place.hpp"

namespace talweg {

/// One argument of a call as the expression gives it.
struct CallArgument {
  Operand value;
  Span span;
  std::string name;  ///< of a keyword argument
  Span name_span;
};

/// "sum(x, axis=None, keepdims=False)"
[[nodiscard]] std::string signature(const Function& function);

/// Binds the arguments to the function's parameters as Python does, and calls it. Throws Error{model} with a
/// place, and with the signature as note where the arguments do not fit.
[[nodiscard]] Operand call_function(Graph& graph, const Function& function,
                                    const std::vector<CallArgument>& arguments, const Span& place);

}  // namespace talweg
