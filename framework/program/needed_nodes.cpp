#include "program/needed_nodes.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "graph/op.hpp"

namespace talweg {

std::vector<NodeId> needed_nodes(const Graph& graph, const Task& task) {
  std::vector<bool> needed(graph.size(), false);
  for (const Assignment& assignment : task.assignments) needed[assignment.value] = true;
  for (NodeId fetch : task.fetches) needed[fetch] = true;
  std::vector<NodeId> nodes;
  for (auto id = static_cast<NodeId>(graph.size()); id-- > 0;) {
    if (!needed[id]) continue;
    nodes.push_back(id);
    if (graph[id].op->leaf) static_cast<void>(find_binding(graph, task, id));
    for (NodeId input : graph[id].inputs) needed[input] = true;
  }
  std::ranges::reverse(nodes);
  return nodes;
}

const Binding& find_binding(const Graph& graph, const Task& task, NodeId leaf) {
  const auto found = std::ranges::find(task.bindings, leaf, &Binding::leaf);
  if (found == task.bindings.end()) throw Error(Status::model, graph.describe(leaf) + " has no value");
  return *found;
}

}  // namespace talweg
