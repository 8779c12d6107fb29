#include "training/example_weights.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "graph/op.hpp"
#include "model/place.hpp"

namespace talweg {
namespace {

/// By node up to `last`: does it depend on the data?
std::vector<bool> depend_on_data(const CheckedModel& model, NodeId last) {
  const Graph& graph = *model.graph;
  std::vector<bool> result(last + 1, false);
  for (const DataEntry& entry : model.data)
    if (entry.node <= last) result[entry.node] = true;
  for (NodeId id = 0; id <= last; ++id)
    if (std::ranges::any_of(graph[id].inputs, [&](NodeId input) { return result[input]; })) result[id] = true;
  return result;
}

/// The same model for a batch of another size, which shows what is an axis of examples and what has its size
/// by chance. Nothing where it cannot be built.
std::optional<CheckedModel> with_other_batch(const CheckedModel& model) {
  try {
    return instantiate(model, Mode::training, model.examples->batch + 1);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Follows what is minimized down to the sums over examples, through what is linear.
class Weighting {
 public:
  Weighting(CheckedModel& model, Value weights)
      : model_(model),
        weights_(weights),
        of_data_(depend_on_data(model, model.train->minimize)),
        other_(with_other_batch(model)) {}

  [[nodiscard]] Value weighted(NodeId id) {
    Graph& graph = *model_.graph;
    if (!of_data_[id]) return graph.value(id);
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    const OriginScope origin(graph, graph[id].origin);
    return known_.emplace(id, build(graph[id], id)).first->second;
  }

 private:
  [[nodiscard]] Value build(const Node& node, NodeId id) {
    const std::string& op = node.op->name;
    if (op == "sum" && sums_examples(node)) {
      const Value examples = model_.graph->value(node.inputs[0]);
      Shape shape = {weights_.shape()[0]};
      while (shape.rank() < examples.rank()) shape.append(1);
      return emit(op, {examples * reshape(weights_, shape)}, node.attributes);
    }
    const bool is_linear = op == "add" || op == "subtract" || op == "negative" || op == "reshape" ||
                           op == "broadcast_to" || (op == "sum" && !sums_examples(node)) ||
                           (op == "multiply" && !(of_data_[node.inputs[0]] && of_data_[node.inputs[1]])) ||
                           (op == "divide" && !of_data_[node.inputs[1]]);
    if (!is_linear || is_of_examples(id)) refuse(id);
    std::vector<Value> inputs;
    for (NodeId input : node.inputs) inputs.push_back(weighted(input));
    return emit(op, inputs, node.attributes);
  }

  [[nodiscard]] bool sums_examples(const Node& node) const {
    const Integers& axes = node.attributes.integers("axes");
    return std::ranges::find(axes, 0) != axes.end() && is_of_examples(node.inputs[0]);
  }

  /// Has it a row for each example?
  [[nodiscard]] bool is_of_examples(NodeId id) const {
    const auto has_rows = [&](const CheckedModel& model, std::int64_t rows) {
      const Shape& shape = (*model.graph)[id].shape;
      return shape.rank() > 0 && shape[0] == rows;
    };
    const std::int64_t batch = weights_.shape()[0];
    return of_data_[id] && has_rows(model_, batch) && (!other_ || has_rows(*other_, batch + 1));
  }

  [[noreturn]] void refuse(NodeId id) const {
    const Span& place = (*model_.graph)[id].origin;
    throw error_at(place.known() ? place : model_.train->span,
                   "optimizer '" + model_.train->optimizer.name +
                       "' draws the examples, and what is minimized has to be a sum or mean over them")
        .note("each example's part of it is weighted, and no such part is found in " +
              model_.graph->describe(id));
  }

  CheckedModel& model_;
  Value weights_;
  std::vector<bool> of_data_;
  std::optional<CheckedModel> other_;
  std::map<NodeId, Value> known_;
};

}  // namespace

NodeId weight_examples(CheckedModel& model) {
  const Value weights = model.graph->add_leaf("data", "", {model.examples->batch}, model.graph->floating());
  model.train->minimize = Weighting(model, weights).weighted(model.train->minimize).id();
  return weights.id();
}

}  // namespace talweg
