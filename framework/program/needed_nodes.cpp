#include "program/needed_nodes.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "graph/op.hpp"

namespace talweg {

std::vector<NodeId> needed_nodes(const Graph& graph, const Task& task) {
  const BindingsByLeaf bindings(graph, task);
  std::vector<bool> needed(graph.size(), false);
  for (const Assignment& assignment : task.assignments) needed[assignment.value] = true;
  for (NodeId fetch : task.fetches) needed[fetch] = true;
  for (NodeId look : task.looks) needed[look] = true;
  std::vector<NodeId> nodes;
  for (auto id = static_cast<NodeId>(graph.size()); id-- > 0;) {
    if (!needed[id]) continue;
    nodes.push_back(id);
    if (graph[id].op->leaf) static_cast<void>(bindings.of(id));
    for (NodeId input : graph[id].inputs) needed[input] = true;
  }
  std::ranges::reverse(nodes);
  return nodes;
}

BindingsByLeaf::BindingsByLeaf(const Graph& graph, const Task& task) : graph_(graph) {
  for (const Binding& binding : task.bindings) bindings_.emplace(binding.leaf, &binding);
}

const Binding& BindingsByLeaf::of(NodeId leaf) const {
  const auto found = bindings_.find(leaf);
  if (found == bindings_.end()) throw Error(Status::model, graph_.describe(leaf) + " has no value");
  return *found->second;
}

}  // namespace talweg
