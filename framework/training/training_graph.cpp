#include "training/training_graph.hpp"

#include <algorithm>
#include <optional>
#include <talweg/error.hpp>

#include "graph/gradients.hpp"
#include "training/clipping.hpp"
#include "training/hyperparameters.hpp"

namespace talweg {
namespace {

class TrainingSite final : public UpdateSite {
 public:
  TrainingSite(CheckedModel& model, const HyperparameterValues& hyperparameters, Value parameter,
               Value gradient)
      : model_(model), hyperparameters_(hyperparameters), parameter_(parameter), gradient_(gradient) {
    emission_.parameter = parameter.id();
  }

  [[nodiscard]] Value parameter() override { return parameter_; }
  [[nodiscard]] Value gradient() override { return gradient_; }
  [[nodiscard]] Value step() override {
    Graph& graph = *model_.graph;
    if (model_.step == kNoNode) model_.step = graph.add_leaf("scalar", "step", {}, graph.floating()).id();
    return graph.value(model_.step);
  }
  [[nodiscard]] Value hyperparameter(std::string_view name) override { return hyperparameters_.number(name); }
  [[nodiscard]] bool flag(std::string_view name) override { return hyperparameters_.flag(name); }
  [[nodiscard]] Value state(std::string_view name, double initial) override {
    auto found = std::ranges::find(emission_.states, name, &OptimizerState::name);
    if (found == emission_.states.end()) {
      const Value leaf =
          model_.graph->add_leaf("state", std::string(name), parameter_.shape(), model_.graph->floating());
      emission_.states.push_back({std::string(name), initial, leaf.id(), kNoNode});
      return leaf;
    }
    return model_.graph->value(found->leaf);
  }
  void assign_parameter(Value value) override { emission_.next = value.id(); }
  void assign_state(std::string_view name, Value value) override {
    std::ranges::find(emission_.states, name, &OptimizerState::name)->next = value.id();
  }
  [[nodiscard]] const Shape& shape() override {
    shape_asked_ = true;
    return parameter_.shape();
  }

  [[nodiscard]] bool shape_asked() const { return shape_asked_; }
  [[nodiscard]] Emission emission(std::size_t first, std::size_t count) {
    emission_.first = first;
    emission_.count = count;
    return std::move(emission_);
  }

 private:
  CheckedModel& model_;
  const HyperparameterValues& hyperparameters_;
  Value parameter_, gradient_;
  Emission emission_;
  bool shape_asked_ = false;
};

Value flat(Value x) { return reshape(x, {x.shape().elements()}); }

/// The rule over all parameters laid end to end; nothing where it asks for the shape of one. What it emitted
/// until then stays in the graph, and no run needs it.
std::optional<Emission> emit_over_all(CheckedModel& model, const UpdateRule& rule,
                                      const HyperparameterValues& hyperparameters,
                                      const std::vector<Value>& gradients) {
  Graph& graph = *model.graph;
  std::vector<Value> parts;
  parts.reserve(gradients.size());
  for (const Value& gradient : gradients) parts.push_back(flat(gradient));
  const Value gradient = concatenate(parts, 0);
  const Value parameter = graph.add_leaf("parameter", "", gradient.shape(), graph.floating());
  TrainingSite site(model, hyperparameters, parameter, gradient);
  try {
    rule.emit(site);
  } catch (const Error&) {
    // A rule for matrices may fail on a vector before it asks; emitted by itself it says what is wrong.
    return std::nullopt;
  }
  if (site.shape_asked()) return std::nullopt;
  return site.emission(0, model.parameters.size());
}

/// What the optimizer sees of the gradients.
std::vector<Value> clipped(const CheckedModel& model, const std::vector<Value>& gradients) {
  const ClipSetting& setting = model.train->clip;
  if (gradients.empty() || (!setting.norm && !setting.value)) return gradients;
  const OriginScope origin(*model.graph, setting.span);
  return clip(setting, gradients);
}

}  // namespace

TrainingGraph append_training(CheckedModel& model, const UpdateRule& rule) {
  Graph& graph = *model.graph;
  const HyperparameterValues hyperparameters(model, rule);
  std::vector<Value> parameters;
  for (const TensorDeclaration& parameter : model.parameters)
    parameters.push_back(graph.value(parameter.node));
  const std::vector<Value> wrt_parameters = gradients(graph.value(model.train->minimize), parameters);

  TrainingGraph training;
  for (const Value& gradient : wrt_parameters) training.gradients.push_back(gradient.id());
  const PhaseScope phase(graph, Phase::update);
  const OriginScope origin(graph, model.train->optimizer.span);
  const std::vector<Value> given = clipped(model, wrt_parameters);
  if (parameters.size() > 1) {
    if (auto emission = emit_over_all(model, rule, hyperparameters, given)) {
      training.emissions.push_back(std::move(*emission));
      return training;
    }
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    TrainingSite site(model, hyperparameters, parameters[i], given[i]);
    rule.emit(site);
    training.emissions.push_back(site.emission(i, 1));
  }
  return training;
}

}  // namespace talweg
