// Optimizers that a model file defines.

#include <gtest/gtest.h>

#include <string>
#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "model/model.hpp"
#include "plugin/optimizers.hpp"
#include "plugin/test_plugins.hpp"
#include "plugin/test_site.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

const std::string kMomentum = R"(talweg: 1
optimizers:
  direct:
    with: {alpha: 0.01, mu: 0.9, weight_decay: 0}
    state: {velocity: 0}
    update:
      velocity: mu * velocity - alpha * (grad + weight_decay * param)
      param: param + (mu * velocity - alpha * (grad + weight_decay * param))
  with_names:
    with: {alpha: 0.01, mu: 0.9, weight_decay: 0}
    state: {velocity: zeros}
    graph: {next: mu * velocity - alpha * (grad + weight_decay * param)}
    update: {velocity: next, param: param + next}
)";

/// How a node is computed from leaves and constants.
std::string formula(const Value& value) {
  const Node& node = value.node();
  if (node.op->leaf) return node.name;
  if (node.op->name == "constant") return format_number(node.attributes.number("value"));
  std::string text;
  for (NodeId input : node.inputs) text += (text.empty() ? "" : ", ") + formula(value.graph().value(input));
  return node.op->name + "(" + text + ")";
}

TEST(YamlOptimizer, ThatSaysMomentumEmitsWhatThePluginEmits) {
  const CheckedModel model = load_model_text(kMomentum, "file.yaml");
  const auto plugin = load_rule("momentum", PluginPath::standard());
  TestSite expected({4, 3});
  expected.set(*plugin);
  plugin->emit(expected);
  ASSERT_EQ(model.optimizers.size(), 2U);
  for (const auto& rule : model.optimizers) {
    TestSite site({4, 3});
    site.set(*rule);
    rule->emit(site);
    EXPECT_EQ(formula(*site.next_parameter), formula(*expected.next_parameter));
    EXPECT_EQ(formula(*site.states.at("velocity").next), formula(*expected.states.at("velocity").next));
    EXPECT_EQ(site.states.at("velocity").initial, 0);
    EXPECT_FALSE(site.shape_asked);
  }
}

TEST(YamlOptimizer, HasTheHyperparametersOfItsFile) {
  const CheckedModel model = load_model_text(R"(talweg: 1
let: {start: 1/4}
optimizers:
  mine:
    with:
      alpha: start / 2
      beta: {default: 0.5, min: 0, max: 1, doc: share}
      gamma: {min: 0}
    update: {param: param - alpha * grad ** beta / (step + 1) * gamma}
)",
                                             "file.yaml");
  const UpdateRule& rule = *model.optimizers.at(0);
  EXPECT_EQ(rule.name(), "mine");
  ASSERT_EQ(rule.hyperparameters().size(), 3U);
  EXPECT_EQ(rule.hyperparameters()[0].default_value, 0.125);
  EXPECT_EQ(describe_range(rule.hyperparameters()[0]), "");
  EXPECT_EQ(describe_range(rule.hyperparameters()[1]), "in [0, 1]");
  EXPECT_EQ(rule.hyperparameters()[1].doc, "share");
  EXPECT_FALSE(rule.hyperparameters()[1].required);
  EXPECT_TRUE(rule.hyperparameters()[2].required);
}

TEST(YamlOptimizer, MayUseNamedNumbersUnlessItHasThemItself) {
  const CheckedModel model = load_model_text(R"(talweg: 1
let: {alpha: 3, c: 7}
optimizers:
  mine:
    with: {alpha: 0.5}
    update: {param: param - alpha * grad * c}
)",
                                             "file.yaml");
  TestSite site({2});
  site.set(*model.optimizers[0]);
  model.optimizers[0]->emit(site);
  EXPECT_EQ(formula(*site.next_parameter), "subtract(x, multiply(multiply(0.5, g), 7))");
}

TEST(YamlOptimizer, ThatMixesElementsAsksForTheShape) {
  for (const char* update :
       {"param - grad / sum(grad)", "param - grad.shape[0] * grad", "param - len(grad) * grad"}) {
    const CheckedModel model = load_model_text(
        std::string("talweg: 1\noptimizers:\n  mine:\n    update: {param: \"") + update + "\"}\n",
        "file.yaml");
    TestSite site({4, 3});
    model.optimizers[0]->emit(site);
    EXPECT_TRUE(site.shape_asked) << update;
  }
}

TEST(YamlOptimizer, ThatTransposesAsksForTheShapeEvenOfAVector) {
  for (const char* update : {"param - grad.T", "param - transpose(grad)"}) {
    const CheckedModel model = load_model_text(
        std::string("talweg: 1\noptimizers:\n  mine:\n    update: {param: ") + update + "}\n", "file.yaml");
    TestSite site({6});
    model.optimizers[0]->emit(site);
    EXPECT_TRUE(site.shape_asked) << update;
  }
}

TEST(YamlOptimizer, MaySayWhichStateTheModelIsEvaluatedWith) {
  const CheckedModel model = load_model_text(R"(talweg: 1
optimizers:
  mine:
    state: {average: param}
    update: {param: param - grad, average: (average + param) / 2}
    evaluate: average
)",
                                             "file.yaml");
  TestSite site({2});
  model.optimizers[0]->emit(site);
  EXPECT_EQ(site.evaluated, "average");
}

TEST(YamlOptimizer, IsTriedOnTheShapesOfTheParametersItTrains) {
  const std::string text = R"(talweg: 1
parameters: {w: {shape: [2, 3], init: ones}}
graph: {loss: sum(w)}
optimizers: {mine: {update: {param: param - grad.T}}}
train: {minimize: loss, steps: 1, optimizer: NAME}
)";
  const auto with = [&](const std::string& name) {
    std::string changed = text;
    return changed.replace(changed.find("NAME"), 4, name);
  };
  EXPECT_THROW(static_cast<void>(load_model_text(with("mine"), "file.yaml")), Error);
  EXPECT_NO_THROW(static_cast<void>(load_model_text(with("gd"), "file.yaml")));
}

}  // namespace
}  // namespace talweg
