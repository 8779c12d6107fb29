// Integers of the data that pick a class or an index of the graph are held to those that there are.

#include <algorithm>

#include "graph/op.hpp"
#include "model/sections.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

struct Use {
  NodeId data = kNoNode;  ///< where the integers come from as they are
  Places places;
};

/// Follows what changes the shape alone.
NodeId unshaped(const Graph& graph, NodeId id) {
  while (graph[id].op->name == "reshape" || graph[id].op->name == "transpose") id = graph[id].inputs[0];
  return id;
}

/// The value of a constant that `id` is compared with, where labels are left out: where(labels != c, labels,
/// 0).
std::optional<double> left_out(const Graph& graph, const Node& where) {
  const Node& condition = graph[where.inputs[0]];
  if (condition.op->name != "not_equal" || condition.inputs[0] != where.inputs[1]) return std::nullopt;
  const Node& other = graph[condition.inputs[1]];
  return other.op->name == "constant" ? std::optional(other.attributes.number("value")) : std::nullopt;
}

std::optional<Use> use_of_integers(const Graph& graph, const Node& node) {
  Use use;
  if (node.op->name == "one_hot") {
    use = {node.inputs[0], {.number = node.attributes.integer("classes")}};
  } else if (node.op->name == "take" || node.op->name == "take_along_axis") {
    const auto axis = static_cast<int>(node.attributes.integer("axis"));
    const bool labels = node.attributes.find("labels") != nullptr;
    use = {node.inputs[1], {.number = graph[node.inputs[0]].shape[axis], .from_end = !labels}};
  } else {
    return std::nullopt;
  }
  use.data = unshaped(graph, use.data);
  if (graph[use.data].op->name == "where") {
    use.places.ignored = left_out(graph, graph[use.data]);
    if (use.places.ignored) use.data = unshaped(graph, graph[use.data].inputs[1]);
  }
  return use;
}

}  // namespace

void hold_data_to_places(ModelContext& context) {
  const Graph& graph = context.graph();
  for (NodeId id = 0; id < graph.size(); ++id) {
    const std::optional<Use> use = use_of_integers(graph, graph[id]);
    if (!use) continue;
    const auto entry = std::ranges::find(context.model.data, use->data, &DataEntry::node);
    if (entry == context.model.data.end() || !entry->column->conversion().scale.empty()) continue;
    if (std::ranges::find(entry->column->places(), use->places) != entry->column->places().end()) continue;
    try {
      entry->column = entry->column->taken_for(use->places, graph.floating());
    } catch (Error& error) {
      if (error.location().file.empty())
        error.at(entry->span.location());
      else
        error.note("it is data '" + entry->name + "' of " + text_of(entry->span));
      error.note("the expression at " + text_of(graph[id].origin) + " takes them as " +
                 (use->places.from_end ? "indices" : "labels"));
      if (graph[id].op->name == "take_along_axis" && !use->places.from_end)
        error.set_hint("cross_entropy(..., ignore_index=-1) leaves out labels that are -1");
      throw;
    }
  }
}

}  // namespace talweg
