#pragma once

#include <set>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// The values as they are without the products that a factor of 0 turns off: a in place of a + h b and
/// a - h b, h in `zeros`, wherever such a node from `first` on is part of them and a has its shape. So a
/// decay of 0 costs nothing, as in torch.optim, which adds no such product. One that depends on `gradient`
/// stays: NaN in a gradient is never lost.
[[nodiscard]] std::vector<Value> without_zero_terms(std::vector<Value> values, NodeId first, NodeId gradient,
                                                    const std::set<NodeId>& zeros);

}  // namespace talweg
