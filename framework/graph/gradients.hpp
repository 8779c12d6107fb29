#pragma once

#include <span>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// Reverse-mode differentiation, graph to graph: appends the gradients of the scalar `y` with respect to each
/// of `wrt` and returns them, each with the shape of its `wrt`; zeros where y does not depend on it. The
/// appended nodes can be differentiated again.
///
/// Throws Error{model} where y is no scalar or is not floating, where a `wrt` is not floating, and where an
/// op on the way has no gradient rule.
[[nodiscard]] std::vector<Value> gradients(Value y, std::span<const Value> wrt);

/// By node up to `y`: does its value depend on one of `wrt` by a way that gradients flow?
[[nodiscard]] std::vector<bool> reached_from(const Graph& graph, NodeId y, std::span<const Value> wrt);

}  // namespace talweg
