#include "model/yaml_update_rule.hpp"

#include <algorithm>
#include <utility>

#include "graph/op.hpp"
#include "model/evaluator.hpp"

namespace talweg {
namespace {

/// The names of an update: param, grad, step, hyperparameters, states, parts that have a name, let.
class UpdateScope final : public Scope {
 public:
  UpdateScope(const UpdateDefinition& definition, UpdateSite& site) : definition_(definition), site_(site) {}

  [[nodiscard]] std::optional<Operand> find(const std::string& name, const Span&) override {
    if (name == "param") return Operand{site_.parameter()};
    if (name == "grad") return Operand{site_.gradient()};
    if (name == "step") return Operand{site_.step()};
    const auto part = parts_.find(name);
    if (part != parts_.end()) return part->second;
    for (const UpdateDefinition::State& state : definition_.states)
      if (state.name == name)
        return Operand{state.initial ? site_.state(name, *state.initial) : site_.copy(name)};
    for (const Hyperparameter& hyperparameter : definition_.hyperparameters)
      if (hyperparameter.name == name) return Operand{site_.hyperparameter(name)};
    const auto let = definition_.lets.find(name);
    return let == definition_.lets.end() ? std::nullopt : std::optional(let->second);
  }

  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names = {"param", "grad", "step"};
    for (const auto& [name, value] : parts_) names.push_back(name);
    for (const UpdateDefinition::State& state : definition_.states) names.push_back(state.name);
    for (const Hyperparameter& hyperparameter : definition_.hyperparameters)
      names.push_back(hyperparameter.name);
    for (const auto& [name, value] : definition_.lets) names.push_back(name);
    return names;
  }

  void use_shape() override { static_cast<void>(site_.shape()); }
  void define(const std::string& name, Operand value) { parts_[name] = std::move(value); }

 private:
  const UpdateDefinition& definition_;
  UpdateSite& site_;
  std::map<std::string, Operand> parts_;
};

class YamlUpdateRule final : public UpdateRule {
 public:
  explicit YamlUpdateRule(UpdateDefinition definition) : definition_(std::move(definition)) {}

  [[nodiscard]] const std::string& name() const override { return definition_.name; }
  [[nodiscard]] const std::vector<Hyperparameter>& hyperparameters() const override {
    return definition_.hyperparameters;
  }

  void emit(UpdateSite& site) const override {
    Graph& graph = site.parameter().graph();
    const std::size_t first = graph.size();
    UpdateScope scope(definition_, site);
    for (const UpdateDefinition::Assignment& part : definition_.graph)
      scope.define(part.name, evaluate(part.expression, scope, graph));
    std::vector<Value> values;
    for (const UpdateDefinition::Assignment& update : definition_.updates)
      values.push_back(compute(update, scope, graph));
    require_own_site_unless_elementwise(site, first);
    const Shape shape = site.parameter().shape();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const UpdateDefinition::Assignment& update = definition_.updates[i];
      const Value value = fit(values[i], shape, update);
      if (update.name == "param") {
        site.assign_parameter(value);
      } else {
        // The site knows the states that were asked for.
        static_cast<void>(scope.find(update.name, update.expression.span()));
        site.assign_state(update.name, value);
      }
    }
    if (!definition_.evaluated.empty()) site.evaluate_with(definition_.evaluated);
  }

 private:
  static Value compute(const UpdateDefinition::Assignment& update, Scope& scope, Graph& graph) {
    const Operand operand = evaluate(update.expression, scope, graph);
    const OriginScope origin(graph, update.expression.span());
    if (!operand.is_tensor() && !operand.is_number())
      throw error_at(update.expression.span(), "'" + update.name + "' becomes " + describe(operand));
    return operand.is_tensor() ? *operand.tensor() : constant(graph, *operand.number());
  }

  /// A node that mixes elements gives something else over all parameters laid end to end: asking for the
  /// shape has the rule emitted for each parameter by itself.
  static void require_own_site_unless_elementwise(UpdateSite& site, std::size_t first) {
    const Graph& graph = site.parameter().graph();
    for (std::size_t id = first; id < graph.size(); ++id) {
      const Node& node = graph[static_cast<NodeId>(id)];
      if (!node.inputs.empty() && !node.op->elementwise) {
        static_cast<void>(site.shape());
        return;
      }
    }
  }

  static Value fit(Value value, const Shape& shape, const UpdateDefinition::Assignment& update) {
    const std::optional<Shape> both = broadcast(value.shape(), shape);
    if (!both || !(*both == shape))
      throw error_at(update.expression.span(), "'" + update.name + "' has shape " + to_string(shape) +
                                                   ", its new value " + to_string(value.shape()));
    const OriginScope origin(value.graph(), update.expression.span());
    return broadcast_to(value, shape);
  }

  UpdateDefinition definition_;
};

}  // namespace

std::shared_ptr<const UpdateRule> make_update_rule(UpdateDefinition definition) {
  return std::make_shared<YamlUpdateRule>(std::move(definition));
}

}  // namespace talweg
