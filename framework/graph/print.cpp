#include "graph/print.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "graph/op.hpp"
#include "support/numbers.hpp"
#include "support/table.hpp"

namespace talweg {
namespace {

constexpr Phase kPhases[] = {Phase::forward, Phase::gradient, Phase::update};

std::string short_name(const Graph& graph, NodeId id) {
  return graph[id].name.empty() ? "%" + std::to_string(id) : graph[id].name;
}

std::vector<NodeId> of_phase(const Graph& graph, std::span<const NodeId> nodes, Phase phase) {
  std::vector<NodeId> result;
  std::ranges::copy_if(nodes, std::back_inserter(result),
                       [&](NodeId id) { return graph[id].phase == phase; });
  return result;
}

/// A text between double quotes in DOT.
std::string in_quotes(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '\n')
      result += "\\n";
    else
      result += c;
  }
  return result + "\"";
}

/// Fill colours under black text.
const char* color(const Node& node) {
  if (node.op->name == "parameter") return "#ffe08a";
  if (node.op->name == "data") return "#b8dcf5";
  if (node.op->name == "state") return "#f5c9b8";
  if (node.inputs.empty()) return "#e8e8e8";
  return "#ffffff";
}

std::string dot_node(const Graph& graph, NodeId id) {
  const Node& node = graph[id];
  const bool is_constant = node.op->name == "constant";
  std::string label = node.name.empty() ? "" : node.name + "\n";
  label += (is_constant ? expression_of(graph, id) : node.op->name) + "\n" + to_string(node.shape);
  return "    n" + std::to_string(id) + " [label=" + in_quotes(label) +
         ", fillcolor=" + in_quotes(color(node)) + "];\n";
}

}  // namespace

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "forward";
    case Phase::gradient:
      return "gradient";
    case Phase::update:
      return "update";
  }
  return "";
}

std::string expression_of(const Graph& graph, NodeId id) {
  const Node& node = graph[id];
  if (node.op->name == "constant") return format_number(node.attributes.number("value"));
  if (node.op->leaf) return node.op->name;
  std::string text = node.op->name + "(";
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    text += (i == 0 ? "" : ", ") + short_name(graph, node.inputs[i]);
  const std::string attributes = to_string(node.attributes);
  if (!attributes.empty()) text += (node.inputs.empty() ? "" : ", ") + attributes;
  return text + ")";
}

std::string to_text(const Graph& graph, std::span<const NodeId> nodes) {
  std::vector<std::vector<std::string>> rows = {{"node", "name", "expression", "shape", "type", "line"}};
  const bool several =
      std::ranges::any_of(nodes, [&](NodeId id) { return graph[id].phase != graph[nodes.front()].phase; });
  for (Phase phase : kPhases) {
    const std::vector<NodeId> group = of_phase(graph, nodes, phase);
    if (several && !group.empty()) rows.push_back({"", "-- " + std::string(to_string(phase)) + " --"});
    for (NodeId id : group) {
      const Node& node = graph[id];
      rows.push_back({"%" + std::to_string(id), node.name, expression_of(graph, id), to_string(node.shape),
                      std::string(to_string(node.dtype)), node.origin.line_text()});
    }
  }
  return format_table(rows, "rllllr");
}

std::string to_dot(const Graph& graph, std::span<const NodeId> nodes, const std::string& title) {
  std::string text = "digraph " + in_quotes(title) + " {\n" +
                     "  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\"];\n"
                     "  edge [color=\"#606060\"];\n";
  for (Phase phase : kPhases) {
    const std::vector<NodeId> group = of_phase(graph, nodes, phase);
    if (group.empty()) continue;
    const std::string name(to_string(phase));
    text += "  subgraph cluster_" + name + " {\n    label=" + in_quotes(name) +
            "; fontname=\"sans-serif\"; color=\"#a0a0a0\";\n";
    for (NodeId id : group) text += dot_node(graph, id);
    text += "  }\n";
  }
  const std::set<NodeId> shown(nodes.begin(), nodes.end());
  for (NodeId id : nodes)
    for (NodeId input : graph[id].inputs)
      if (shown.contains(input)) text += "  n" + std::to_string(input) + " -> n" + std::to_string(id) + ";\n";
  return text + "}\n";
}

}  // namespace talweg
