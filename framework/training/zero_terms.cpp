#include "training/zero_terms.hpp"

#include <algorithm>
#include <map>

#include "graph/op.hpp"

namespace talweg {
namespace {

/// Which nodes are 0 because a factor of theirs is, and which of a sum's terms is left then.
class ZeroProducts {
 public:
  ZeroProducts(const Graph& graph, NodeId gradient, std::set<NodeId> zeros)
      : graph_(graph), zeros_(std::move(zeros)), dependent_{gradient} {}

  /// Looks at the node; those before it have been looked at. The term that it comes to, or kNoNode.
  NodeId look_at(NodeId id) {
    const Node& node = graph_[id];
    if (std::ranges::any_of(node.inputs, [&](NodeId input) { return dependent_.contains(input); }))
      dependent_.insert(id);
    if (node.op->name == "multiply" && !dependent_.contains(id) &&
        std::ranges::any_of(node.inputs, [&](NodeId input) { return zeros_.contains(input); }))
      zeros_.insert(id);
    const NodeId left = term_left(node);
    if (zeros_.contains(left)) zeros_.insert(id);
    return left;
  }

 private:
  [[nodiscard]] NodeId term_left(const Node& node) const {
    const bool adds = node.op->name == "add";
    if (!adds && node.op->name != "subtract") return kNoNode;
    const NodeId a = node.inputs[0], b = node.inputs[1];
    if (zeros_.contains(b) && graph_[a].shape == node.shape) return a;
    return adds && zeros_.contains(a) && graph_[b].shape == node.shape ? b : kNoNode;
  }

  const Graph& graph_;
  std::set<NodeId> zeros_, dependent_;
};

}  // namespace

std::vector<Value> without_zero_terms(std::vector<Value> values, NodeId first, NodeId gradient,
                                      const std::set<NodeId>& zeros) {
  if (zeros.empty() || values.empty()) return values;
  Graph& graph = values.front().graph();
  ZeroProducts products(graph, gradient, zeros);
  std::map<NodeId, NodeId> now;  // of nodes that are another
  const auto current = [&](NodeId id) {
    const auto other = now.find(id);
    return other == now.end() ? id : other->second;
  };
  const auto end = static_cast<NodeId>(graph.size());
  for (NodeId id = first; id < end; ++id) {
    if (const NodeId left = products.look_at(id); left != kNoNode) {
      now[id] = current(left);
      continue;
    }
    const Node& node = graph[id];
    std::vector<NodeId> inputs = node.inputs;
    std::ranges::transform(inputs, inputs.begin(), current);
    if (inputs == node.inputs) continue;
    const OriginScope origin(graph, node.origin);
    now[id] = graph.add(*node.op, std::move(inputs), node.attributes).id();
  }
  for (Value& value : values) value = graph.value(current(value.id()));
  return values;
}

}  // namespace talweg
