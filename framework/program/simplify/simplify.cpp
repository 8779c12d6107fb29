#include "program/simplify/simplify.hpp"

#include <algorithm>

#include "program/needed_nodes.hpp"
#include "program/simplify/rewriter.hpp"

namespace talweg {
namespace {

constexpr Rule kRules[] = {fold_constants, drop_identities, join_layouts, expand_powers, reduce_broadcasts};

std::size_t hash_of(const Candidate& candidate) {
  std::size_t hash = std::hash<const void*>{}(&candidate.op) ^ candidate.attributes.hash();
  for (NodeId input : candidate.inputs) hash = hash * 1'000'003 + input;
  return hash;
}

}  // namespace

NodeId Rewriter::append(Candidate candidate) {
  for (Rule rule : kRules)
    if (const NodeId found = rule(*this, candidate); found != kNoNode) return found;
  const std::size_t hash = hash_of(candidate);
  const auto [begin, end] = known_.equal_range(hash);
  for (auto known = begin; known != end; ++known) {
    const Node& other = graph_[known->second];
    if (other.op == &candidate.op && other.inputs == candidate.inputs &&
        other.attributes == candidate.attributes)
      return known->second;
  }
  const NodeId id =
      graph_.add(candidate.op, std::move(candidate.inputs), std::move(candidate.attributes)).id();
  known_.emplace(hash, id);
  return id;
}

NodeId Rewriter::append(std::string_view op, std::vector<NodeId> inputs, Attributes attributes) {
  return append({OpRegistry::instance().get(op), std::move(inputs), std::move(attributes)});
}

std::optional<double> Rewriter::constant(NodeId id) const {
  const Node& node = graph_[id];
  if (node.op->name != "constant") return std::nullopt;
  return node.attributes.number("value");
}

Simplified simplify(const Graph& graph, const Task& task) {
  Simplified result;
  result.graph = std::make_unique<Graph>(graph.floating());
  Rewriter rewriter(*result.graph);
  const BindingsByLeaf bindings(graph, task);
  std::unordered_map<NodeId, NodeId> renamed;
  for (NodeId id : needed_nodes(graph, task)) {
    const Node& node = graph[id];
    const OriginScope origin(*result.graph, node.origin);
    const PhaseScope phase(*result.graph, node.phase);
    if (node.op->leaf) {
      renamed[id] = result.graph->add_leaf(node.op->name, node.name, node.shape, node.dtype).id();
      Binding binding = bindings.of(id);
      binding.leaf = renamed[id];
      result.task.bindings.push_back(binding);
      continue;
    }
    Candidate candidate{*node.op, {}, node.attributes};
    for (NodeId input : node.inputs) candidate.inputs.push_back(renamed.at(input));
    const NodeId simplified = rewriter.append(std::move(candidate));
    renamed[id] = simplified;
    if (!node.name.empty() && (*result.graph)[simplified].name.empty())
      result.graph->set_name(simplified, node.name);
  }
  for (const Assignment& assignment : task.assignments)
    result.task.assignments.push_back({renamed.at(assignment.value), assignment.destination});
  for (NodeId fetch : task.fetches) result.task.fetches.push_back(renamed.at(fetch));
  for (NodeId look : task.looks) result.task.looks.push_back(renamed.at(look));
  return result;
}

}  // namespace talweg
