#pragma once

#include <map>

#include "graph/value.hpp"

namespace talweg {

/// y as it would be with other values in place of some nodes: appends once more the nodes between them and y.
/// y itself where it depends on none of them. REQUIRES: a replacement has the shape and type of its node.
[[nodiscard]] Value substitute(Value y, const std::map<NodeId, Value>& replacements);

}  // namespace talweg
