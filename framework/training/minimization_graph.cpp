#include "training/minimization_graph.hpp"

#include "graph/gradients.hpp"
#include "model/place.hpp"
#include "training/hyperparameters.hpp"
#include "training/optimizer_groups.hpp"

namespace talweg {
namespace {

HessianProduct append_hessian_product(Graph& graph, const std::vector<Value>& parameters,
                                      const std::vector<Value>& gradient) {
  std::int64_t size = 0;
  for (const Value& parameter : parameters) size += parameter.shape().elements();
  const Value vector = graph.add_leaf("data", "", {size}, graph.floating());
  Value product = constant(graph, 0);
  std::int64_t first = 0;
  for (const Value& part : gradient) {
    const std::int64_t elements = part.shape().elements();
    product = product + sum_all(part * reshape(slice(vector, {first}, {1}, {elements}), part.shape()));
    first += elements;
  }
  HessianProduct result{vector.id(), {}};
  for (const Value& part : gradients(product, parameters)) result.products.push_back(part.id());
  return result;
}

}  // namespace

TrainingGraph append_minimization(CheckedModel& model, const Minimizer& minimizer) {
  const ClipSetting& clip = model.train->clip;
  if (clip.norm || clip.value)
    throw error_at(clip.span, "optimizer '" + minimizer.name() +
                                  "' evaluates the objective itself, and its gradients are not clipped")
        .set_hint("leave out 'clip', or choose an optimizer that is an update rule");
  Graph& graph = *model.graph;
  const HyperparameterValues values(graph, model.train->optimizer, minimizer);
  TrainingGraph training;
  for (const Hyperparameter& hyperparameter : minimizer.hyperparameters()) {
    MinimizerSetting setting{hyperparameter.name, kNoNode, false};
    if (hyperparameter.kind == Hyperparameter::Kind::flag)
      setting.flag = values.flag(hyperparameter.name);
    else
      setting.number = values.number(hyperparameter.name).id();
    training.settings.push_back(std::move(setting));
  }
  std::vector<Value> parameters;
  for (const TensorDeclaration& parameter : model.parameters)
    parameters.push_back(graph.value(parameter.node));
  const std::vector<Value> gradient = gradients(graph.value(model.train->minimize), parameters);
  for (const Value& part : gradient) training.gradients.push_back(part.id());
  if (minimizer.needs_second_derivatives())
    training.hessian_product = append_hessian_product(graph, parameters, gradient);
  return training;
}

TrainingGraph append_training(CheckedModel& model, const Optimizer& optimizer) {
  if (const auto* minimizer = dynamic_cast<const Minimizer*>(&optimizer))
    return append_minimization(model, *minimizer);
  if (const auto* groups = dynamic_cast<const OptimizerGroups*>(&optimizer))
    return append_training(model, *groups);
  return append_training(model, dynamic_cast<const UpdateRule&>(optimizer));
}

}  // namespace talweg
