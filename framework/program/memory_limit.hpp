#pragma once

#include <cstddef>
#include <talweg/error.hpp>
#include <vector>

#include "graph/graph.hpp"

namespace talweg {

/// Throws Error{model} where an executor needs more memory than `limit` bytes; 0 means what the machine has.
void check_memory(std::size_t bytes, std::size_t limit);

/// Gives such an error the place of the largest of the nodes that are computed.
void blame_largest(Error& error, const Graph& graph, const std::vector<NodeId>& nodes);

}  // namespace talweg
