#include "training/divergence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/op.hpp"
#include "program/needed_nodes.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// Every node of a step, computed one by one from the present values.
class StepValues {
 public:
  StepValues(const Instance& instance, const std::vector<Binding>& bindings) : graph_(*instance.model.graph) {
    if (instance.model.train) roots_.push_back(instance.model.train->minimize);
    for (NodeId node : instance.leaves.finite_nodes) roots_.push_back(node);
    nodes_ = needed_nodes(graph_, {bindings, {}, roots_});
    executor_ = make_reference_executor(graph_, {bindings, {}, nodes_});
    executor_->run();
  }

  /// kNoNode where every root is finite.
  [[nodiscard]] NodeId first_culprit() const {
    std::vector<bool> suspected(graph_.size(), false);
    for (NodeId root : roots_) suspected[root] = true;
    NodeId first = kNoNode;
    for (auto id = nodes_.rbegin(); id != nodes_.rend(); ++id) {
      if (!suspected[*id] || all_finite(executor_->value(*id), graph_.floating(), elements(*id))) continue;
      first = *id;
      for (NodeId input : graph_[*id].inputs) suspected[input] = true;
    }
    return first;
  }

  /// The first value of a node that is not finite: "inf", "-inf" or "nan".
  [[nodiscard]] std::string bad_value(NodeId id) const {
    const std::vector<double> values = to_doubles(executor_->value(id), graph_.floating(), elements(id));
    return format_number(
        *std::ranges::find_if_not(values, [](double value) { return std::isfinite(value); }));
  }

  /// "its inputs: a (4, 3) up to 1e+200, b (3,) up to 2", or "" for a leaf.
  [[nodiscard]] std::string describe_inputs(NodeId id) const {
    std::string text;
    for (NodeId input : graph_[id].inputs)
      text += (text.empty() ? "its inputs: " : ", ") + graph_.describe(input) + " " +
              to_string(graph_[input].shape) +
              fmt::format(" up to {:.3g}",
                          largest_magnitude(executor_->value(input), graph_.floating(), elements(input)));
    return text;
  }

 private:
  [[nodiscard]] std::int64_t elements(NodeId id) const { return graph_[id].shape.elements(); }

  const Graph& graph_;
  std::vector<NodeId> roots_, nodes_;
  std::unique_ptr<Executor> executor_;
};

std::string hint_for(const TrainingState& state, Phase phase) {
  if (state.step == 0 && phase != Phase::update)
    return "the untrained model gives it: look at its data and initial values";
  const bool has_alpha =
      state.rule != nullptr && std::ranges::any_of(state.rule->hyperparameters(),
                                                   [](const auto& known) { return known.name == "alpha"; });
  return has_alpha ? "a smaller alpha may help, or a clipped gradient" : "smaller steps may help";
}

std::string_view where(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return "";
    case Phase::gradient:
      return ", in the gradient";
    case Phase::update:
      return ", in the update";
  }
  return "";
}

}  // namespace

Error explain_divergence(TrainingState& state) {
  const std::string when = "diverged in step " + std::to_string(state.step);
  const Instance& instance = state.present();
  std::optional<StepValues> values(std::in_place, instance, instance.leaves.bindings_of_step());
  NodeId id = values->first_culprit();
  if (id == kNoNode && !instance.leaves.swapped.empty()) {
    // What is evaluated may be at fault where what is trained is not.
    values.emplace(instance, instance.leaves.bindings);
    id = values->first_culprit();
  }
  if (id == kNoNode)
    return Error(Status::diverged, when + ": a value of the compiled program is not finite")
        .note("the reference executor finds none")
        .set_hint(hint_for(state, Phase::update));
  const Graph& graph = *instance.model.graph;
  const Node& node = graph[id];
  Error error(Status::diverged, when + std::string(where(node.phase)) + ": " + graph.describe(id) + " is " +
                                    values->bad_value(id));
  if (node.origin.known()) error.at(node.origin.location());
  if (node.origin.call_line != 0)
    error.note("line " + std::to_string(node.origin.call_line) + " of the model calls the module");
  const std::string inputs = values->describe_inputs(id);
  if (!inputs.empty()) error.note(inputs);
  return error.set_hint(hint_for(state, node.phase));
}

}  // namespace talweg
