#pragma once

#include <map>
#include <optional>
#include <string>

#include "graph/update_rule.hpp"

namespace talweg {

/// A place for one update rule in a graph of its own, as the trainer makes one for each parameter.
class TestSite : public UpdateSite {
 public:
  struct State {
    Value value;
    double initial;
    std::optional<Value> next;
  };

  explicit TestSite(const Shape& shape, DType dtype = DType::float64) : graph(dtype), shape_(shape) {
    parameter_ = graph.add_leaf("parameter", "x", shape, dtype);
    gradient_ = graph.add_leaf("data", "g", shape, dtype);
    step_ = graph.add_leaf("scalar", "step", {}, dtype);
  }

  [[nodiscard]] Value parameter() override { return parameter_; }
  [[nodiscard]] Value gradient() override { return gradient_; }
  [[nodiscard]] Value gradient_at(Value) override { return gradient_; }
  [[nodiscard]] Value step() override { return step_; }
  [[nodiscard]] Value hyperparameter(std::string_view name) override {
    return hyperparameters.try_emplace(std::string(name), constant(graph, settings.at(std::string(name))))
        .first->second;
  }
  [[nodiscard]] bool flag(std::string_view name) override { return settings.at(std::string(name)) != 0; }
  [[nodiscard]] Value state(std::string_view name, double initial) override {
    const auto [state, added] = states.try_emplace(std::string(name));
    if (added)
      state->second = {graph.add_leaf("state", std::string(name), shape_, graph.floating()), initial, {}};
    return state->second.value;
  }
  [[nodiscard]] Value copy(std::string_view name) override { return state(name, 0); }
  void evaluate_with(std::string_view name) override { evaluated = name; }
  [[nodiscard]] Value example_state(std::string_view name, double initial) override {
    return state(name, initial);
  }
  [[nodiscard]] Value drawn() override { return gradient_; }
  void draw_by(std::string_view name) override { drawn_by = name; }
  void assign_parameter(Value value) override { next_parameter = value; }
  void assign_state(std::string_view name, Value value) override {
    states.at(std::string(name)).next = value;
  }
  [[nodiscard]] const Shape& shape() override {
    shape_asked = true;
    return shape_;
  }

  /// The rule's defaults, and then `given`.
  void set(const UpdateRule& rule, const std::map<std::string, double>& given = {}) {
    for (const Hyperparameter& hyperparameter : rule.hyperparameters())
      settings[hyperparameter.name] = hyperparameter.default_value;
    for (const auto& [name, value] : given) settings.at(name) = value;
  }

  Graph graph;
  std::map<std::string, double> settings;
  std::map<std::string, Value> hyperparameters;
  std::map<std::string, State> states;
  std::optional<Value> next_parameter;
  std::string evaluated, drawn_by;
  bool shape_asked = false;

 private:
  Shape shape_;
  Value parameter_, gradient_, step_;
};

}  // namespace talweg
