// The optimizer's part of a training step.

#include "training/training_graph.hpp"

#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "plugin/test_plugins.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

/// Momentum in the model file, beside rules that ask for their parameter's shape in one way or another.
const std::string kRules = R"(talweg: 1
seed: 5
data: {X: [[0,0,1],[0,1,1],[1,0,1],[1,1,1]], y: [[0],[1],[1],[0]]}
parameters:
  a: {shape: [3, 4], init: 'uniform(-1, 1)'}
  b: {shape: [4, 1], init: 'uniform(-1, 1)'}
graph:
  error: sigmoid(sigmoid(X @ a) @ b) - y
  loss: sum(error * error) / 2
optimizers:
  yaml_momentum:
    with: {alpha: 0.01, mu: 0.9}
    state: {v: zeros}
    update:
      v: mu * v - alpha * grad
      param: param + (mu * v - alpha * grad)
  by_parameter:
    with: {alpha: 0.01, mu: 0.9}
    state: {v: zeros}
    graph: {one: len(grad) / len(grad)}
    update:
      v: mu * v - alpha * grad * one
      param: param + (mu * v - alpha * grad * one)
  by_norm:
    update: {param: param - grad / sum(grad * grad)}
  transposed:
    update: {param: param - (grad.T).T}
train: {minimize: loss, steps: 100, optimizer: {NAME: {SETTING}}}
)";

std::string with_rule(const std::string& name, const std::string& setting = "") {
  std::string text = kRules;
  text.replace(text.find("NAME"), 4, name);
  return text.replace(text.find("SETTING"), 7, setting);
}

TrainingGraph graph_of(CheckedModel& model) {
  return append_training(model, *find_optimizer(model, PluginPath::standard()));
}

std::vector<double> trained(const std::string& text) {
  const auto trainer = make_trainer(text);
  train(*trainer);
  std::vector<double> values = trainer->value("a").values;
  const std::vector<double> b = trainer->value("b").values;
  values.insert(values.end(), b.begin(), b.end());
  return values;
}

TEST(TrainingGraph, HasAnElementwiseRuleOnceOverAllParameters) {
  for (const char* name : {"gd", "momentum", "yaml_momentum"}) {
    CheckedModel model = load_model_text(with_rule(name), "model.yaml");
    const TrainingGraph graph = graph_of(model);
    ASSERT_EQ(graph.emissions.size(), 1U) << name;
    EXPECT_EQ(graph.emissions[0].count, 2U);
    EXPECT_EQ((*model.graph)[graph.emissions[0].parameter].shape, Shape{16});
  }
}

TEST(TrainingGraph, HasNoTermThatAHyperparameterOf0TurnsOff) {
  const std::pair<const char*, const char*> settings[] = {
      {"", "concatenate"}, {"weight_decay: 0", "concatenate"}, {"weight_decay: 0 * step", "add"}};
  for (const auto& [setting, op] : settings) {
    CheckedModel model = load_model_text(with_rule("gd", setting), "model.yaml");
    const Graph& graph = *model.graph;
    const Node& update = graph[graph_of(model).emissions.front().next];
    const Node& step = graph[update.inputs[1]];
    EXPECT_EQ(graph[step.inputs[1]].op->name, op) << setting;
  }
}

TEST(TrainingGraph, HasNoDecayOf0InAnyShippedRule) {
  int rules = 0;
  for (const ListedPlugin& plugin : list_plugins(PluginPath({installed_plugin_directory()}))) {
    ASSERT_TRUE(plugin.description) << plugin.path;
    if (plugin.description->kind != "update rule") continue;
    ++rules;
    const std::string& name = plugin.description->name;
    CheckedModel model = load_model_text(with_rule(name), "model.yaml");
    const Graph& graph = *model.graph;
    std::vector<NodeId> needed;
    for (const Emission& emission : graph_of(model).emissions) {
      needed.push_back(emission.next);
      for (const OptimizerState& state : emission.states)
        if (state.next != kNoNode) needed.push_back(state.next);
    }
    const auto is_zero = [&](NodeId id) {
      return graph[id].op->name == "constant" && graph[id].attributes.number("value") == 0;
    };
    for (std::size_t i = 0; i < needed.size(); ++i) {
      const Node& node = graph[needed[i]];
      if (node.phase != Phase::update) continue;
      if (node.op->name == "multiply") {
        EXPECT_FALSE(is_zero(node.inputs[0]) || is_zero(node.inputs[1])) << name;
      }
      needed.insert(needed.end(), node.inputs.begin(), node.inputs.end());
    }
  }
  EXPECT_GT(rules, 20);
}

TEST(TrainingGraph, HasARuleThatMixesElementsOnceForEachParameter) {
  for (const char* name : {"by_parameter", "by_norm", "transposed"}) {
    CheckedModel model = load_model_text(with_rule(name), "model.yaml");
    const TrainingGraph graph = graph_of(model);
    ASSERT_EQ(graph.emissions.size(), 2U) << name;
    EXPECT_EQ(graph.emissions[1].first, 1U);
    EXPECT_EQ((*model.graph)[graph.emissions[1].parameter].shape, (Shape{4, 1}));
  }
}

TEST(TrainingGraph, HasTheOnlyParameterInItsOwnShape) {
  CheckedModel model = load_model_text(R"(talweg: 1
parameters: {a: {shape: [3, 4], init: ones}}
graph: {loss: sum(a * a)}
train: {minimize: loss, steps: 1, optimizer: gd}
)",
                                       "model.yaml");
  const TrainingGraph graph = graph_of(model);
  ASSERT_EQ(graph.emissions.size(), 1U);
  EXPECT_EQ(graph.emissions[0].parameter, model.parameters[0].node);
}

TEST(TrainingGraph, GivesTheSameBitsOverAllParametersAndByEach) {
  EXPECT_EQ(trained(with_rule("yaml_momentum", "alpha: 0.5")),
            trained(with_rule("by_parameter", "alpha: 0.5")));
}

TEST(TrainingGraph, GivesTheSameBitsForAPluginAndTheSameRuleInYaml) {
  EXPECT_EQ(trained(with_rule("momentum", "alpha: 0.5, mu: 0.7")),
            trained(with_rule("yaml_momentum", "alpha: 0.5, mu: 0.7")));
}

TEST(TrainingGraph, MarksItsNodesAsGradientAndUpdate) {
  CheckedModel model = load_model_text(with_rule("gd"), "model.yaml");
  const TrainingGraph graph = graph_of(model);
  for (NodeId gradient : graph.gradients) EXPECT_EQ((*model.graph)[gradient].phase, Phase::gradient);
  EXPECT_EQ((*model.graph)[graph.emissions[0].next].phase, Phase::update);
  EXPECT_EQ((*model.graph)[graph.emissions[0].next].origin.begin, model.train->optimizer.span.begin);
}

struct WrongSetting {
  std::string name, setting, expected;
};

const WrongSetting kWrong[] = {
    {"gd", "lr: 1", R"(model.yaml:28:54: error: optimizer 'gd' has no hyperparameter 'lr'
   28 | train: {minimize: loss, steps: 100, optimizer: {gd: {lr: 1}}}
      |                                                      ^~
note: it has alpha and weight_decay
hint: did you mean 'alpha'?)"},
    {"adadelta", "eps: 1", R"(model.yaml:28:60: error: optimizer 'adadelta' has no hyperparameter 'eps'
   28 | train: {minimize: loss, steps: 100, optimizer: {adadelta: {eps: 1}}}
      |                                                            ^~~
note: it has alpha, rho, epsilon and weight_decay
hint: did you mean 'epsilon'?)"},
    {"momentum", "alhpa: 1", R"(model.yaml:28:60: error: optimizer 'momentum' has no hyperparameter 'alhpa'
   28 | train: {minimize: loss, steps: 100, optimizer: {momentum: {alhpa: 1}}}
      |                                                            ^~~~~
note: it has alpha, mu, weight_decay and dampened
hint: did you mean 'alpha'?)"},
    {"momentum", "mu: 1", R"(model.yaml:28:64: error: 'mu' of optimizer 'momentum' is in [0, 1), and this is 1
   28 | train: {minimize: loss, steps: 100, optimizer: {momentum: {mu: 1}}}
      |                                                                ^)"},
    {"gd", "alpha: 1 - 1", R"(model.yaml:28:61: error: 'alpha' of optimizer 'gd' is > 0, and this is 0
   28 | train: {minimize: loss, steps: 100, optimizer: {gd: {alpha: 1 - 1}}}
      |                                                             ^~~~~)"},
};

TEST(Hyperparameters, ThatAreWrongAreRefusedAtTheirPlace) {
  for (const WrongSetting& wrong : kWrong) {
    try {
      static_cast<void>(make_trainer(with_rule(wrong.name, wrong.setting)));
      ADD_FAILURE() << wrong.setting << " is accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::model);
      EXPECT_STREQ(error.what(), wrong.expected.c_str());
    }
  }
}

TEST(Hyperparameters, ThatLeaveTheirRangeWhileTrainingAreRefused) {
  const auto message_of = [](const std::string& setting) -> std::string {
    try {
      static_cast<void>(make_trainer(with_rule("gd", setting)));
      return "accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.location().line, 28);
      return error.message();
    }
  };
  EXPECT_EQ(message_of("alpha: 1 - step / 10"),
            "'alpha' of optimizer 'gd' is > 0, and this in step 11 is -0.10000000000000009");
  EXPECT_EQ(message_of("alpha: step - 1"), "'alpha' of optimizer 'gd' is > 0, and this in step 0 is -1");
  EXPECT_EQ(message_of("alpha: 'minimum(1, step / 10)'"), "accepted") << "a warm-up begins at 0";
}

TEST(Hyperparameters, MayDependOnTheStep) {
  // x is multiplied by 1 - alpha each time: 1/2, 2/3, 3/4, 4/5.
  const auto trainer = make_trainer(R"(talweg: 1
parameters: {x: 1}
graph: {loss: x * x / 2}
train: {minimize: loss, steps: 4, optimizer: {gd: {alpha: 1 / (step + 2)}}}
)");
  train(*trainer);
  EXPECT_NEAR(trainer->value("x").values.at(0), 1.0 / 5, 1e-15);
}

TEST(Optimizer, ThatIsNotFoundIsRefusedAtItsPlace) {
  try {
    static_cast<void>(make_trainer(with_rule("momentun")));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::plugin);
    EXPECT_EQ(error.location().line, 28);
    EXPECT_EQ(error.hint(), "did you mean 'momentum'?");
  }
}

}  // namespace
}  // namespace talweg
