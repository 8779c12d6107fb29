#include "training/training_graph.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <talweg/error.hpp>

#include "graph/gradients.hpp"
#include "graph/substitute.hpp"
#include "training/clipping.hpp"
#include "training/example_weights.hpp"
#include "training/hyperparameters.hpp"
#include "training/optimizer_groups.hpp"
#include "training/zero_terms.hpp"

namespace talweg {
namespace {

Value flat(Value x) { return reshape(x, {x.shape().elements()}); }

/// What the optimizer sees of the gradients.
std::vector<Value> clipped(const CheckedModel& model, const std::vector<Value>& gradients) {
  const ClipSetting& setting = model.train->clip;
  if (gradients.empty() || (!setting.norm && !setting.value)) return gradients;
  const OriginScope origin(*model.graph, setting.span);
  return clip(setting, gradients);
}

/// Those that are trained on.
std::int64_t number_of_examples(const CheckedModel& model) {
  return model.examples ? model.examples->train().count : 1;
}

class TrainingSite final : public UpdateSite {
 public:
  /// Of parameters [first, first + count), end to end where they are several.
  TrainingSite(CheckedModel& model, const HyperparameterValues& hyperparameters, Value parameter,
               Value gradient, std::size_t first, std::size_t count)
      : model_(model),
        hyperparameters_(hyperparameters),
        parameter_(parameter),
        gradient_(gradient),
        begin_(static_cast<NodeId>(model.graph->size())) {
    emission_.first = first;
    emission_.count = count;
    emission_.parameter = parameter.id();
  }

  [[nodiscard]] Value parameter() override { return parameter_; }
  [[nodiscard]] Value gradient() override { return gradient_; }
  [[nodiscard]] Value gradient_at(Value point) override {
    Graph& graph = *model_.graph;
    const Value flat_point = flat(point);
    std::map<NodeId, Value> replacements;
    std::int64_t begin = 0;
    for (std::size_t i = emission_.first; i < emission_.first + emission_.count; ++i) {
      const NodeId node = model_.parameters[i].node;
      const std::int64_t elements = graph[node].shape.elements();
      replacements.emplace(node, reshape(slice(flat_point, {begin}, {1}, {elements}), graph[node].shape));
      begin += elements;
    }
    const Value minimized = substitute(graph.value(model_.train->minimize), replacements);
    return clipped(model_, gradients(minimized, std::span(&point, 1))).front();
  }
  [[nodiscard]] Value step() override { return model_.graph->step(); }
  [[nodiscard]] Value hyperparameter(std::string_view name) override { return hyperparameters_.number(name); }
  [[nodiscard]] bool flag(std::string_view name) override { return hyperparameters_.flag(name); }
  [[nodiscard]] Value state(std::string_view name, double initial) override {
    return find_or_add(emission_.states, name, initial, parameter_.shape());
  }
  [[nodiscard]] Value copy(std::string_view name) override {
    return find_or_add(emission_.states, name, std::nullopt, parameter_.shape());
  }
  void evaluate_with(std::string_view name) override { evaluated_ = name; }
  [[nodiscard]] Value example_state(std::string_view name, double initial) override {
    return find_or_add(draws().states, name, initial, {number_of_examples(model_)});
  }
  [[nodiscard]] Value drawn() override {
    if (draws().counts == kNoNode)
      draws().counts =
          model_.graph->add_leaf("data", "", {number_of_examples(model_)}, model_.graph->floating()).id();
    return model_.graph->value(draws().counts);
  }
  void draw_by(std::string_view name) override { draws().by = name; }
  void assign_parameter(Value value) override { emission_.next = value.id(); }
  void assign_state(std::string_view name, Value value) override {
    auto found = std::ranges::find(emission_.states, name, &OptimizerState::name);
    if (found == emission_.states.end())
      found = std::ranges::find(draws().states, name, &OptimizerState::name);
    found->next = value.id();
  }
  [[nodiscard]] const Shape& shape() override {
    shape_asked_ = true;
    return parameter_.shape();
  }

  [[nodiscard]] bool shape_asked() const { return shape_asked_; }
  [[nodiscard]] Emission emission() {
    leave_out_zero_terms();
    if (!evaluated_.empty()) swap_weights();
    return std::move(emission_);
  }

 private:
  [[nodiscard]] Value find_or_add(std::vector<OptimizerState>& states, std::string_view name,
                                  std::optional<double> initial, const Shape& shape) {
    const auto found = std::ranges::find(states, name, &OptimizerState::name);
    if (found != states.end()) return model_.graph->value(found->leaf);
    const Value leaf = model_.graph->add_leaf("state", std::string(name), shape, model_.graph->floating());
    states.push_back({std::string(name), initial, leaf.id(), kNoNode});
    return leaf;
  }
  [[nodiscard]] DrawnExamples& draws() {
    if (!emission_.draws) emission_.draws.emplace();
    return *emission_.draws;
  }
  void leave_out_zero_terms() {
    std::vector<NodeId*> assigned = {&emission_.next};
    for (OptimizerState& state : emission_.states) assigned.push_back(&state.next);
    if (emission_.draws)
      for (OptimizerState& state : emission_.draws->states) assigned.push_back(&state.next);
    std::erase_if(assigned, [](const NodeId* next) { return *next == kNoNode; });
    std::vector<Value> values;
    values.reserve(assigned.size());
    for (const NodeId* next : assigned) values.push_back(model_.graph->value(*next));
    values = without_zero_terms(std::move(values), begin_, gradient_.id(), hyperparameters_.zeros());
    for (std::size_t i = 0; i < assigned.size(); ++i) *assigned[i] = values[i].id();
  }
  /// Whoever looks at the model finds the weights for evaluation in its parameters.
  void swap_weights() {
    OptimizerState& evaluated = *std::ranges::find(emission_.states, evaluated_, &OptimizerState::name);
    std::swap(emission_.parameter, evaluated.leaf);
    std::swap(emission_.next, evaluated.next);
    evaluated.name = kTrainedWeights;
    emission_.swapped = true;
  }

  CheckedModel& model_;
  const HyperparameterValues& hyperparameters_;
  Value parameter_, gradient_;
  NodeId begin_;  ///< of what the rule appends
  Emission emission_;
  std::string evaluated_;  ///< the copy that the model is evaluated with
  bool shape_asked_ = false;
};

/// Parameters [first, first + count) of the model, which one rule trains.
struct Range {
  std::size_t first, count;
};

/// The rule over the parameters of a range laid end to end; nothing where it asks for the shape of one. What
/// it emitted until then stays in the graph, and no run needs it.
std::optional<Emission> emit_over_all(CheckedModel& model, const UpdateRule& rule,
                                      const HyperparameterValues& hyperparameters,
                                      const std::vector<Value>& gradients, Range range) {
  Graph& graph = *model.graph;
  std::vector<Value> parts;
  parts.reserve(range.count);
  for (std::size_t i = range.first; i < range.first + range.count; ++i) parts.push_back(flat(gradients[i]));
  const Value gradient = concatenate(parts, 0);
  const Value parameter = graph.add_leaf("parameter", "", gradient.shape(), graph.floating());
  TrainingSite site(model, hyperparameters, parameter, gradient, range.first, range.count);
  try {
    rule.emit(site);
  } catch (const Error&) {
    if (rule.needs_all_parameters()) throw;
    // A rule for matrices may fail on a vector before it asks; emitted by itself it says what is wrong.
    return std::nullopt;
  }
  if (site.shape_asked() && !rule.needs_all_parameters()) return std::nullopt;
  return site.emission();
}

void emit_range(CheckedModel& model, const UpdateRule& rule, const HyperparameterValues& hyperparameters,
                const std::vector<Value>& gradients, Range range, TrainingGraph& training) {
  if (range.count > 1) {
    if (auto emission = emit_over_all(model, rule, hyperparameters, gradients, range)) {
      training.emissions.push_back(std::move(*emission));
      return;
    }
  }
  for (std::size_t i = range.first; i < range.first + range.count; ++i) {
    TrainingSite site(model, hyperparameters, model.graph->value(model.parameters[i].node), gradients[i], i,
                      1);
    rule.emit(site);
    training.emissions.push_back(site.emission());
  }
}

/// The gradients by all parameters, noted in the training graph.
std::vector<Value> append_gradients(CheckedModel& model, TrainingGraph& training) {
  std::vector<Value> parameters;
  for (const TensorDeclaration& parameter : model.parameters)
    parameters.push_back(model.graph->value(parameter.node));
  std::vector<Value> result = gradients(model.graph->value(model.train->minimize), parameters);
  for (const Value& gradient : result) training.gradients.push_back(gradient.id());
  return result;
}

}  // namespace

TrainingGraph append_training(CheckedModel& model, const UpdateRule& rule) {
  const HyperparameterValues hyperparameters(*model.graph, model.train->optimizer, rule);
  TrainingGraph training;
  if (rule.draws_examples() && model.examples) training.weights = weight_examples(model);
  const std::vector<Value> wrt_parameters = append_gradients(model, training);
  const PhaseScope phase(*model.graph, Phase::update);
  const OriginScope origin(*model.graph, model.train->optimizer.span);
  emit_range(model, rule, hyperparameters, clipped(model, wrt_parameters), {0, model.parameters.size()},
             training);
  return training;
}

TrainingGraph append_training(CheckedModel& model, const OptimizerGroups& optimizer) {
  const std::vector<GroupSetting>& groups = model.train->groups;
  const std::vector<std::size_t> group_of = groups_of_parameters(model);
  const HyperparameterValues main(*model.graph, model.train->optimizer, optimizer.main());
  std::vector<HyperparameterValues> own;
  own.reserve(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i)
    own.emplace_back(*model.graph, groups[i].optimizer, optimizer.rule(i));

  TrainingGraph training;
  const std::vector<Value> wrt_parameters = append_gradients(model, training);
  const PhaseScope phase(*model.graph, Phase::update);
  const OriginScope origin(*model.graph, model.train->optimizer.span);
  const std::vector<Value> given = clipped(model, wrt_parameters);
  for (std::size_t first = 0, end = 0; first < group_of.size(); first = end) {
    const std::size_t group = group_of[first];
    while (end < group_of.size() && group_of[end] == group) ++end;
    const bool in_none = group == kNoGroup;
    const OriginScope of_group(*model.graph, in_none ? model.train->optimizer.span : groups[group].span);
    emit_range(model, in_none ? optimizer.main() : optimizer.rule(group), in_none ? main : own[group], given,
               {first, end - first}, training);
  }
  return training;
}

}  // namespace talweg
