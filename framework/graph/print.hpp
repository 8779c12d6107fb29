#pragma once

#include <span>
#include <string>
#include <string_view>

#include "graph/graph.hpp"

namespace talweg {

/// "forward", "gradient", "update".
[[nodiscard]] std::string_view to_string(Phase phase);

/// What a node does to its inputs: "sigmoid(%3)", "sum(error, axes=[0, 1], keepdims=false)", "0.5",
/// "parameter". Inputs without a name are called by their number.
[[nodiscard]] std::string expression_of(const Graph& graph, NodeId id);

/// A table with a line a node: number, name, expression, shape, type and line of the model file; a heading
/// where a phase begins, if there are several.
[[nodiscard]] std::string to_text(const Graph& graph, std::span<const NodeId> nodes);

/// The same for Graphviz: a box a node, with its name, op and shape, grouped by phase.
[[nodiscard]] std::string to_dot(const Graph& graph, std::span<const NodeId> nodes, const std::string& title);

}  // namespace talweg
