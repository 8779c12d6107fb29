#pragma once

#include <vector>

#include "program/executor.hpp"

namespace talweg {

/// The nodes that a task's assignments and fetches depend on, themselves included: ascending. Throws
/// Error{model} where a leaf among them has no binding.
[[nodiscard]] std::vector<NodeId> needed_nodes(const Graph& graph, const Task& task);

/// The binding of a leaf. Throws Error{model} where there is none.
[[nodiscard]] const Binding& find_binding(const Graph& graph, const Task& task, NodeId leaf);

}  // namespace talweg
