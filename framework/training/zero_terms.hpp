#pragma once

#include <map>
#include <set>

#include "graph/value.hpp"

namespace talweg {

/// What is left of sums without the terms that a factor of 0 turns off: of the nodes from `first` on, those
/// that are a + h b or a - h b with h in `zeros`, and the a of each. A node stays where a has another shape.
/// So a decay of 0 costs nothing, and what b is does not matter: as in torch.optim, which adds no such term.
[[nodiscard]] std::map<NodeId, Value> drop_zero_terms(Graph& graph, NodeId first, std::set<NodeId> zeros);

}  // namespace talweg
