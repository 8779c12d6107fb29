#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "model/model.hpp"

namespace talweg {
namespace {

std::vector<std::string> parameters_of(const std::string& rest) {
  const CheckedModel model = load_model_text("talweg: 1\ndata: {x: [[1, 2], [3, 4]]}\n" + rest, "m.yaml");
  std::vector<std::string> names;
  for (const TensorDeclaration& parameter : model.parameters) names.push_back(parameter.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(Modules, NameTheirParametersAfterTheEntryThatCallsThem) {
  EXPECT_EQ(parameters_of("graph: {hidden: 'dense(x, units=3)'}\n"), (Names{"hidden/W", "hidden/b"}));
  EXPECT_EQ(parameters_of("graph: {hidden: 'relu(dense(x, 3, bias=False))'}\n"), (Names{"hidden/W"}));
  EXPECT_EQ(parameters_of("graph: {h: 'dense(dense(x, 3, bias=False), 4, bias=False)'}\n"),
            (Names{"h/1/W", "h/2/W"}));
}

TEST(Modules, AreRepeatedWithParametersOfTheirOwn) {
  EXPECT_EQ(parameters_of("graph: {h: 'repeat(dense, x, times=3, units=2, bias=False)'}\n"),
            (Names{"h/1/W", "h/2/W", "h/3/W"}));
}

TEST(Modules, OfTheModelHideShippedOnesAndCallOthersDefinedBelow) {
  const std::string text = R"(modules:
  dense: {in: x, with: {layer: scaled}, graph: {inner: layer(x)}}
  scaled: {in: x, parameters: {s: {shape: [], init: ones}}, graph: {y: s * x}}
graph: {h: dense(x)}
)";
  EXPECT_EQ(parameters_of(text), (Names{"h/inner/s"}));
}

TEST(Modules, GiveTheEntryThatOutNames) {
  const CheckedModel model = load_model_text(R"(talweg: 1
modules: {two: {in: x, graph: {a: x + 1, b: a * a}, out: a}}
data: {x: [1, 2]}
graph: {h: two(x)}
)",
                                             "m.yaml");
  EXPECT_EQ((*model.graph)[model.named.back().second].op->name, "add");
}

TEST(Modules, AreScannedAlongTheSecondAxisWithOneSetOfParameters) {
  EXPECT_EQ(parameters_of("graph: {h: 'scan(cell, ones([2, 5, 3]), zeros([2, 3]))'}\n"
                          "modules: {cell: {in: [x, s], graph: {y: 'tanh(x + dense(s, units=3))'}}}\n"),
            (Names{"h/y/W", "h/y/b"}));
  const CheckedModel model = load_model_text(
      "talweg: 1\ngraph: {h: 'scan(cell, ones([2, 5]), ones([2]))'}\nmodules: {cell: {in: [x, s], graph: {y: "
      "2 * s + x}}}\n",
      "m.yaml");
  EXPECT_EQ((*model.graph)[model.named.back().second].shape, (Shape{2, 5}));
}

TEST(Modules, MayHaveTheNameOfAFunctionAndAreToldFromItByTheirKeywords) {
  const std::string images = "data: {x: [[[[1, 2], [3, 4]]]]}\n";
  const auto of = [&](const std::string& call) {
    const CheckedModel model =
        load_model_text("talweg: 1\n" + images + "graph: {h: '" + call + "'}\n", "m.yaml");
    std::vector<std::string> names;
    for (const TensorDeclaration& parameter : model.parameters) names.push_back(parameter.name);
    return names;
  };
  EXPECT_EQ(of("conv2d(x, channels=3, kernel=2)"), (Names{"h/W", "h/b"}));
  EXPECT_EQ(of("conv2d(x, ones([3, 1, 2, 2]))"), Names());
  EXPECT_EQ(of("conv2d(x, ones([3, 1, 2, 2]), stride=2, padding=1)"), Names());
  EXPECT_EQ(of("relu(conv2d(x, channels=3, kernel=2, stride=2, bias=False))"), (Names{"h/W"}));
  EXPECT_EQ(of("repeat(conv2d, x, times=2, channels=1, kernel=3, padding=1, bias=False)"),
            (Names{"h/1/W", "h/2/W"}));
  EXPECT_EQ(of("conv2d(conv2d(x, channels=2, kernel=1, bias=False), channels=3, kernel=[1, 2], bias=False)"),
            (Names{"h/1/W", "h/2/W"}));
}

TEST(Modules, DifferByMode) {
  const std::string text = "talweg: 1\ndata: {x: [[1, 2], [3, 4]]}\ngraph: {h: batch_norm(x)}\n";
  const CheckedModel training = load_model_text(text, "m.yaml");
  ASSERT_EQ(training.states.size(), 2U);
  EXPECT_EQ(training.states[0].name, "h/running_mean");
  ASSERT_EQ(training.updates.size(), 2U);
  const CheckedModel evaluation = load_model_text(text, "m.yaml", {.mode = Mode::evaluation});
  EXPECT_LT(evaluation.graph->size(), training.graph->size());
}

}  // namespace
}  // namespace talweg
