// The section that defines optimizers in the model file.

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "model/fields.hpp"
#include "model/initializers.hpp"
#include "model/sections.hpp"
#include "model/typed.hpp"
#include "model/yaml_update_rule.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// Names that an update has from the host.
constexpr std::array<std::string_view, 3> kGivenNames = {"param", "grad", "step"};

class DefinitionReader {
 public:
  DefinitionReader(ModelContext& context, const DocumentEntry& entry)
      : context_(context),
        what_("optimizer '" + entry.key.text + "'"),
        fields_(entry.value, what_, {"with", "state", "graph", "update", "evaluate"}) {
    definition_.name = entry.key.text;
    definition_.place = entry.key.span;
    if (!is_identifier(entry.key.text)) check_name(entry.key.text, entry.key.span);
    names_.insert(kGivenNames.begin(), kGivenNames.end());
  }

  UpdateDefinition run() {
    for (const auto& [name, value] : context_.model.lets) {
      definition_.lets.emplace(name, *context_.names[*context_.names.find(name)].value);
      file_names_.insert(name);
    }
    if (const DocumentNode* with = fields_.find("with"))
      for (const DocumentEntry& entry : require_mapping(*with, "'with'").entries) read_hyperparameter(entry);
    if (const DocumentNode* state = fields_.find("state"))
      for (const DocumentEntry& entry : require_mapping(*state, "'state'").entries) read_state(entry);
    if (const DocumentNode* graph = fields_.find("graph"))
      for (const DocumentEntry& entry : require_mapping(*graph, "'graph'").entries) {
        Expression expression = read_expression(entry.value);
        define(entry.key);
        definition_.graph.push_back({entry.key.text, std::move(expression)});
      }
    read_updates();
    if (const DocumentNode* evaluated = fields_.find("evaluate")) read_evaluated(*evaluated);
    return std::move(definition_);
  }

 private:
  void define(const DocumentNode& key) {
    if (std::ranges::find(kGivenNames, key.text) != kGivenNames.end())
      throw error_at(key.span, "'" + key.text + "' is taken: every update has it");
    check_name(key.text, key.span);
    if (!names_.insert(key.text).second)
      throw error_at(key.span, "the name '" + key.text + "' is given twice in " + what_);
  }

  void read_hyperparameter(const DocumentEntry& entry) {
    define(entry.key);
    Hyperparameter hyperparameter;
    hyperparameter.name = entry.key.text;
    const std::string what = "hyperparameter '" + entry.key.text + "'";
    const DocumentNode* value = &entry.value;
    if (entry.value.kind == DocumentNode::Kind::mapping) {
      const Fields fields(entry.value, what, {"default", "min", "max", "doc"});
      if (const DocumentNode* low = fields.find("min")) hyperparameter.low = number(*low, "'min'");
      if (const DocumentNode* high = fields.find("max")) hyperparameter.high = number(*high, "'max'");
      if (const DocumentNode* doc = fields.find("doc")) hyperparameter.doc = require_text(*doc, "'doc'");
      value = fields.find("default");
    }
    hyperparameter.required = value == nullptr;
    if (value != nullptr) {
      hyperparameter.default_value = number(*value, "the default of " + what);
      if (!hyperparameter.admits(hyperparameter.default_value))
        throw error_at(value->span, "the default of " + what + " is " +
                                        format_number(hyperparameter.default_value) + ", which is not " +
                                        describe_range(hyperparameter));
    }
    definition_.hyperparameters.push_back(std::move(hyperparameter));
  }

  void read_state(const DocumentEntry& entry) {
    define(entry.key);
    if (entry.value.kind == DocumentNode::Kind::scalar && entry.value.text == "param") {
      definition_.states.push_back({entry.key.text});
      return;
    }
    const std::string what = "state '" + entry.key.text + "'";
    const ReadInitializer read = read_initializer(context_, entry.value, ModelScope::kEverything, what);
    if (read.initializer.kind != Initializer::Kind::constant || !std::isfinite(read.initializer.first))
      throw error_at(entry.value.span, what + " of an optimizer begins with one number in every place")
          .set_hint("zeros, ones, a number, or param");
    definition_.states.push_back({entry.key.text, read.initializer.first});
  }

  void read_updates() {
    for (const DocumentEntry& entry : require_mapping(fields_.require("update"), "'update'").entries) {
      std::vector<std::string> targets = {"param"};
      for (const UpdateDefinition::State& state : definition_.states) targets.push_back(state.name);
      if (std::ranges::find(targets, entry.key.text) == targets.end())
        throw error_at(entry.key.span, what_ + " has no state '" + entry.key.text + "'")
            .note("'update' sets " + join(targets))
            .set_hint(did_you_mean(entry.key.text, targets));
      definition_.updates.push_back({entry.key.text, read_expression(entry.value)});
    }
    if (std::ranges::find(definition_.updates, "param", &UpdateDefinition::Assignment::name) ==
        definition_.updates.end())
      throw error_at(fields_.require("update").span, "'update' of " + what_ + " does not set 'param'");
  }

  void read_evaluated(const DocumentNode& node) {
    definition_.evaluated = require_text(node, "'evaluate'");
    const auto state =
        std::ranges::find(definition_.states, definition_.evaluated, &UpdateDefinition::State::name);
    if (state == definition_.states.end() || state->initial)
      throw error_at(node.span, "'evaluate' names a state that begins as param, and '" +
                                    definition_.evaluated + "' is none");
    if (std::ranges::find(definition_.updates, state->name, &UpdateDefinition::Assignment::name) ==
        definition_.updates.end())
      throw error_at(node.span, "'update' of " + what_ + " does not set '" + state->name +
                                    "', which the model is evaluated with");
  }

  double number(const DocumentNode& node, const std::string& what) {
    const double value = read_number(context_, node, ModelScope::kEverything, what);
    if (std::isnan(value)) throw error_at(node.span, what + " is nan");
    return value;
  }

  /// Names are checked here, so that a mistake shows before the first step.
  Expression read_expression(const DocumentNode& node) {
    Expression expression = parse_expression(node);
    for (const ExpressionNode& part : expression.nodes) {
      if (part.kind == ExpressionNode::Kind::name) check_known(part);
      if (part.kind == ExpressionNode::Kind::call && part.text == "grad")
        throw error_at(part.span, "within an optimizer 'grad' is the gradient itself, not a function");
    }
    return expression;
  }

  void check_known(const ExpressionNode& part) const {
    if (names_.contains(part.text) || file_names_.contains(part.text)) return;
    std::vector<std::string> known(names_.begin(), names_.end());
    known.insert(known.end(), file_names_.begin(), file_names_.end());
    check_known_name(part.text, part.span, known);
  }

  ModelContext& context_;
  std::string what_;
  Fields fields_;
  UpdateDefinition definition_;
  std::set<std::string> names_;       // of this optimizer
  std::set<std::string> file_names_;  // of `let:`, which those of the optimizer hide
};

/// A site in a graph of its own, to see whether a rule can be emitted for a parameter of that shape.
class TrialSite final : public UpdateSite {
 public:
  TrialSite(const Shape& shape, DType floating) : graph_(floating), shape_(shape) {
    parameter_ = graph_.add_leaf("parameter", "param", shape, floating);
    gradient_ = graph_.add_leaf("data", "grad", shape, floating);
  }

  [[nodiscard]] Value parameter() override { return parameter_; }
  [[nodiscard]] Value gradient() override { return gradient_; }
  [[nodiscard]] Value gradient_at(Value) override { return gradient_; }
  [[nodiscard]] Value step() override { return scalar("step"); }
  [[nodiscard]] Value hyperparameter(std::string_view name) override { return scalar(name); }
  [[nodiscard]] bool flag(std::string_view) override { return false; }
  [[nodiscard]] Value state(std::string_view name, double) override {
    return graph_.add_leaf("state", std::string(name), shape_, graph_.floating());
  }
  [[nodiscard]] Value copy(std::string_view name) override { return state(name, 0); }
  void evaluate_with(std::string_view) override {}
  [[nodiscard]] Value example_state(std::string_view, double) override { return parameter_; }
  [[nodiscard]] Value drawn() override { return parameter_; }
  void draw_by(std::string_view) override {}
  void assign_parameter(Value) override {}
  void assign_state(std::string_view, Value) override {}
  [[nodiscard]] const Shape& shape() override { return shape_; }

 private:
  Value scalar(std::string_view name) {
    return graph_.add_leaf("scalar", std::string(name), {}, graph_.floating());
  }

  Graph graph_;
  Shape shape_;
  Value parameter_, gradient_;
};

/// Emits the rule that trains the model for each shape of its parameters, and forgets the nodes.
void try_rule(const ModelContext& context, const UpdateRule& rule) {
  std::vector<Shape> seen;
  for (const TensorDeclaration& parameter : context.model.parameters) {
    const Shape& shape = context.graph()[parameter.node].shape;
    if (std::ranges::find(seen, shape) != seen.end()) continue;
    seen.push_back(shape);
    TrialSite site(shape, context.graph().floating());
    try {
      rule.emit(site);
    } catch (Error& error) {
      throw error.note("for parameter '" + parameter.name + "', which is " + to_string(shape) + " (" +
                       line_of(parameter.span) + ")");
    }
  }
}

}  // namespace

void read_optimizers(ModelContext& context, const DocumentNode* section) {
  if (section == nullptr) return;
  CheckedModel& model = context.model;
  for (const DocumentEntry& entry : section->entries) {
    model.optimizers.push_back(make_update_rule(DefinitionReader(context, entry).run()));
    if (model.train && model.train->optimizer.name == entry.key.text)
      try_rule(context, *model.optimizers.back());
  }
}

}  // namespace talweg
