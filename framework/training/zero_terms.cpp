#include "training/zero_terms.hpp"

#include <algorithm>
#include <utility>

#include "graph/op.hpp"

namespace talweg {

std::map<NodeId, Value> drop_zero_terms(Graph& graph, NodeId first, std::set<NodeId> zeros) {
  std::map<NodeId, Value> left;
  const auto is_zero = [&](NodeId id) { return zeros.contains(id); };
  for (NodeId id = first; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (node.op->name == "multiply" && std::ranges::any_of(node.inputs, is_zero)) zeros.insert(id);
    const bool adds = node.op->name == "add";
    if (!adds && node.op->name != "subtract") continue;
    NodeId kept = kNoNode;
    if (is_zero(node.inputs[1])) kept = node.inputs[0];
    if (adds && is_zero(node.inputs[0])) kept = node.inputs[1];
    if (kept == kNoNode || !(graph[kept].shape == node.shape)) continue;
    if (is_zero(kept)) zeros.insert(id);
    const auto shorter = left.find(kept);
    left.emplace(id, shorter == left.end() ? graph.value(kept) : shorter->second);
  }
  return left;
}

}  // namespace talweg
