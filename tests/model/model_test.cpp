#include "model/model.hpp"

#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "model/three_layer.hpp"

namespace talweg {
namespace {

TEST(Model, OfTheTutorialHasWhatItsFileSays) {
  const CheckedModel model = load_model_text(kThreeLayer, "graphs/three_layer.yaml");
  const Graph& graph = *model.graph;
  EXPECT_EQ(model.name, "three_layer");
  EXPECT_EQ(model.seed, 1U);
  EXPECT_EQ(graph.floating(), DType::float64);
  EXPECT_EQ(model.text, kThreeLayer);
  EXPECT_EQ(model.path, "");

  ASSERT_EQ(model.lets.size(), 2U);
  EXPECT_EQ(model.lets[0], (std::pair<std::string, double>("hidden", 4)));
  ASSERT_EQ(model.data.size(), 2U);
  EXPECT_EQ(model.data[0].column->values(), (std::vector<double>{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1}));
  EXPECT_EQ(graph[model.data[0].node].shape, (Shape{4, 3}));
  EXPECT_EQ(graph[model.data[0].node].dtype, DType::int64);

  ASSERT_EQ(model.parameters.size(), 2U);
  EXPECT_EQ(model.parameters[0].name, "synapse_0");
  EXPECT_EQ(graph[model.parameters[0].node].shape, (Shape{3, 4}));
  EXPECT_EQ(graph[model.parameters[1].node].shape, (Shape{4, 1}));
  EXPECT_EQ(model.parameters[0].initializer.kind, Initializer::Kind::uniform);
  EXPECT_EQ(model.parameters[0].initializer.first, -1);
  EXPECT_EQ(model.parameters[0].initializer.second, 1);

  std::vector<std::string> names;
  for (const auto& [name, node] : model.named) {
    names.push_back(name);
    EXPECT_EQ(graph[node].name, name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"X", "y", "synapse_0", "synapse_1", "layer_1", "layer_2",
                                             "error", "loss"}));

  ASSERT_TRUE(model.train);
  EXPECT_EQ(model.train->minimize, model.named.back().second);
  EXPECT_EQ(model.train->minimize_name, "loss");
  EXPECT_EQ(model.train->optimizer.name, "gd");
  ASSERT_EQ(model.train->optimizer.hyperparameters.size(), 1U);
  EXPECT_EQ(model.train->optimizer.hyperparameters[0].name, "alpha");
  EXPECT_EQ(model.train->optimizer.hyperparameters[0].constant, 10);
  EXPECT_EQ(model.train->steps, 60000);
  EXPECT_EQ(model.train->log_every, 10000);
  ASSERT_EQ(model.train->log.size(), 1U);
  EXPECT_EQ(model.train->log[0].name, "Error");
  EXPECT_EQ(graph[model.train->log[0].value].shape, Shape{});
  EXPECT_FALSE(model.sweep);
}

TEST(Model, IsBuiltForTrainingOrForEvaluation) {
  const std::string text = "talweg: 1\ndata: {x: [1, 2]}\ngraph: {y: 'where(training, x, 2 * x)'}\n";
  ModelOptions options;
  const auto flag = [&] {
    const CheckedModel model = load_model_text(text, "m.yaml", options);
    const Node& y = (*model.graph)[model.named.back().second];
    return (*model.graph)[y.inputs[0]].attributes.number("value");
  };
  EXPECT_EQ(flag(), 1);
  options.mode = Mode::evaluation;
  EXPECT_EQ(flag(), 0);
}

TEST(Model, TakesReplacedNumbersFromItsOptions) {
  ModelOptions options;
  options.set = {{"hidden", "2 ** 5"}, {"alpha", "1e-3"}};
  options.seed = 7;
  options.steps = 12;
  const CheckedModel model = load_model_text(kThreeLayer, "three_layer.yaml", options);
  EXPECT_EQ((*model.graph)[model.parameters[0].node].shape, (Shape{3, 32}));
  EXPECT_EQ(model.train->optimizer.hyperparameters[0].constant, 1e-3);
  EXPECT_EQ(model.seed, 7U);
  EXPECT_EQ(model.train->steps, 12);
  EXPECT_EQ(model.settings, options.set);
}

}  // namespace
}  // namespace talweg
