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

/// How often a call applies its module, and to what.
struct Repetition {
  enum class Kind : std::uint8_t {
    once,
    times,  ///< to what the application before it gave, each with parameters of its own
    scan    ///< to each part of the first argument along its second axis and to what the application before
            ///< it gave, at first the second argument; all with the same parameters
  };
  Kind kind = Kind::once;
  std::int64_t times = 1;  ///< of Kind::times
};

/// "sum(x, axis=None, keepdims=False)"
[[nodiscard]] std::string signature(const Function& function);

/// Binds the arguments to the function's parameters as Python does, and calls it. Throws Error{model} with a
/// place, and with the signature as note where the arguments do not fit.
[[nodiscard]] Operand call_function(Graph& graph, const Function& function,
                                    const std::vector<CallArgument>& arguments, const Span& place);

}  // namespace talweg
