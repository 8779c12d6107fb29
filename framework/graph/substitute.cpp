#include "graph/substitute.hpp"

#include <algorithm>

#include "graph/op.hpp"

namespace talweg {
namespace {

/// By node from `first` on: does any of `ys` depend on it?
std::vector<bool> needed_by(const std::vector<Value>& ys, NodeId first) {
  const Graph& graph = ys.front().graph();
  std::vector<bool> needed(graph.size() - first, false);
  for (const Value& y : ys)
    if (y.id() >= first) needed[y.id() - first] = true;
  for (std::size_t i = needed.size(); i-- > 0;)
    if (needed[i])
      for (NodeId input : graph[first + static_cast<NodeId>(i)].inputs)
        if (input >= first) needed[input - first] = true;
  return needed;
}

}  // namespace

Value substitute(Value y, const std::map<NodeId, Value>& replacements) {
  return substitute(std::vector{y}, replacements).front();
}

std::vector<Value> substitute(std::vector<Value> ys, const std::map<NodeId, Value>& replacements) {
  if (ys.empty() || replacements.empty()) return ys;
  Graph& graph = ys.front().graph();
  const NodeId first = replacements.begin()->first;
  const std::vector<bool> needed = needed_by(ys, first);
  std::map<NodeId, Value> replaced = replacements;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    const NodeId id = first + static_cast<NodeId>(i);
    const Node& node = graph[id];
    const bool changes =
        std::ranges::any_of(node.inputs, [&](NodeId input) { return replaced.contains(input); });
    if (!needed[i] || !changes || replacements.contains(id)) continue;
    std::vector<NodeId> inputs;
    inputs.reserve(node.inputs.size());
    for (NodeId input : node.inputs) {
      const auto other = replaced.find(input);
      inputs.push_back(other == replaced.end() ? input : other->second.id());
    }
    const OriginScope origin(graph, node.origin);
    replaced.emplace(id, graph.add(*node.op, std::move(inputs), node.attributes));
  }
  for (Value& y : ys)
    if (const auto other = replaced.find(y.id()); other != replaced.end()) y = other->second;
  return ys;
}

}  // namespace talweg
