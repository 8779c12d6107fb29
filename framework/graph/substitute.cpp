#include "graph/substitute.hpp"

#include <algorithm>

#include "graph/op.hpp"

namespace talweg {
namespace {

/// By node up to y: does y depend on it?
std::vector<bool> needed_by(Value y) {
  const Graph& graph = y.graph();
  std::vector<bool> needed(y.id() + 1, false);
  needed[y.id()] = true;
  for (NodeId id = y.id() + 1; id-- > 0;)
    if (needed[id])
      for (NodeId input : graph[id].inputs) needed[input] = true;
  return needed;
}

}  // namespace

Value substitute(Value y, const std::map<NodeId, Value>& replacements) {
  Graph& graph = y.graph();
  const std::vector<bool> needed = needed_by(y);
  std::map<NodeId, Value> replaced = replacements;
  for (NodeId id = 0; id <= y.id(); ++id) {
    const Node& node = graph[id];
    const bool changes =
        std::ranges::any_of(node.inputs, [&](NodeId input) { return replaced.contains(input); });
    if (!needed[id] || !changes || replacements.contains(id)) continue;
    std::vector<NodeId> inputs;
    inputs.reserve(node.inputs.size());
    for (NodeId input : node.inputs) {
      const auto other = replaced.find(input);
      inputs.push_back(other == replaced.end() ? input : other->second.id());
    }
    const OriginScope origin(graph, node.origin);
    replaced.emplace(id, graph.add(*node.op, std::move(inputs), node.attributes));
  }
  const auto result = replaced.find(y.id());
  return result == replaced.end() ? y : result->second;
}

}  // namespace talweg
