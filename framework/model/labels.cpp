// Labels: integers of the data by which cross_entropy and one_hot pick classes.

#include <algorithm>

#include "graph/op.hpp"
#include "model/sections.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

struct Labels {
  NodeId data = kNoNode;  ///< where they come from as they are
  std::int64_t classes = 0;
  std::optional<double> ignored;
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

std::optional<Labels> labels_of(const Graph& graph, const Node& node) {
  Labels labels;
  if (node.op->name == "one_hot") {
    labels.classes = node.attributes.integer("classes");
    labels.data = unshaped(graph, node.inputs[0]);
  } else if (node.op->name == "take_along_axis" && node.attributes.find("labels") != nullptr) {
    labels.classes = graph[node.inputs[0]].shape[static_cast<int>(node.attributes.integer("axis"))];
    labels.data = unshaped(graph, node.inputs[1]);
  } else {
    return std::nullopt;
  }
  if (graph[labels.data].op->name == "where") {
    labels.ignored = left_out(graph, graph[labels.data]);
    if (labels.ignored) labels.data = unshaped(graph, graph[labels.data].inputs[1]);
  }
  return labels;
}

/// The same column with fewer values allowed. Throws Error{data} where it has others.
std::shared_ptr<const DataColumn> bounded(const DataColumn& column, const Labels& labels, DType floating) {
  AllowedValues allowed = column.allowed();
  allowed.classes = allowed.classes == 0 ? labels.classes : std::min(allowed.classes, labels.classes);
  allowed.ignored = labels.ignored;
  const auto texts = static_cast<std::int64_t>(column.conversion().texts.size());
  if (texts > labels.classes)
    throw Error(Status::data, "it has " + count(texts, "distinct value") + "; the model has " +
                                  count(labels.classes, "class", "classes"));
  auto result = std::make_shared<const DataColumn>(column.raw(), column.shape(), column.dtype(),
                                                   column.conversion(), allowed);
  result->check_when_loaded(floating);
  return result;
}

}  // namespace

void bound_labels(ModelContext& context) {
  const Graph& graph = context.graph();
  for (NodeId id = 0; id < graph.size(); ++id) {
    const std::optional<Labels> labels = labels_of(graph, graph[id]);
    if (!labels) continue;
    const auto entry = std::ranges::find(context.model.data, labels->data, &DataEntry::node);
    if (entry == context.model.data.end() || !entry->column->conversion().scale.empty()) continue;
    const AllowedValues& allowed = entry->column->allowed();
    if (allowed.classes > 0 && allowed.classes <= labels->classes && allowed.ignored == labels->ignored)
      continue;
    try {
      entry->column = bounded(*entry->column, *labels, graph.floating());
    } catch (Error& error) {
      if (error.location().file.empty())
        error.at(entry->span.location());
      else
        error.note("it is data '" + entry->name + "' of " + text_of(entry->span));
      error.note("the expression at " + text_of(graph[id].origin) + " takes them as labels");
      if (graph[id].op->name != "one_hot")
        error.set_hint("cross_entropy(..., ignore_index=-1) leaves out labels that are -1");
      throw;
    }
  }
}

}  // namespace talweg
