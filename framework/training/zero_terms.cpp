#include "training/zero_terms.hpp"

#include <algorithm>
#include <map>

#include "graph/op.hpp"
#include "graph/substitute.hpp"

namespace talweg {
namespace {

/// Of the nodes from `first` on the sums and differences with a product of 0, and what is left of each.
std::map<NodeId, Value> shorter_sums(Graph& graph, NodeId first, NodeId gradient, std::set<NodeId> zeros) {
  std::map<NodeId, Value> shorter;
  std::set<NodeId> dependent = {gradient};
  const auto is_zero = [&](NodeId id) { return zeros.contains(id); };
  for (NodeId id = first; id < graph.size(); ++id) {
    const Node& node = graph[id];
    if (std::ranges::any_of(node.inputs, [&](NodeId input) { return dependent.contains(input); }))
      dependent.insert(id);
    if (node.op->name == "multiply" && !dependent.contains(id) && std::ranges::any_of(node.inputs, is_zero))
      zeros.insert(id);
    const bool adds = node.op->name == "add";
    if (!adds && node.op->name != "subtract") continue;
    NodeId kept = kNoNode;
    if (is_zero(node.inputs[1])) kept = node.inputs[0];
    if (adds && is_zero(node.inputs[0])) kept = node.inputs[1];
    if (kept == kNoNode || !(graph[kept].shape == node.shape)) continue;
    if (is_zero(kept)) zeros.insert(id);
    shorter.emplace(id, graph.value(kept));
  }
  return shorter;
}

}  // namespace

std::vector<Value> without_zero_terms(std::vector<Value> values, NodeId first, NodeId gradient,
                                      const std::set<NodeId>& zeros) {
  if (zeros.empty() || values.empty()) return values;
  Graph& graph = values.front().graph();
  // What is kept of one sum may contain another.
  for (;;) {
    std::vector<Value> next = substitute(values, shorter_sums(graph, first, gradient, zeros));
    if (std::ranges::equal(next, values, {}, &Value::id, &Value::id)) return values;
    values = std::move(next);
  }
}

}  // namespace talweg
