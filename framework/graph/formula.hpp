#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/graph.hpp"

namespace talweg {

/// What a graph computes, as a person writes it: lines "name = expression" that end in the given outputs,
/// each before it is used. Leaves go by their names. A value that several expressions use has a line of its
/// own, as u1, u2, ... where it has no name; so has what would make an expression too long.
[[nodiscard]] std::vector<std::string> formula_of(const Graph& graph,
                                                  const std::vector<std::pair<std::string, NodeId>>& outputs);

}  // namespace talweg
