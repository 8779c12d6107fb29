// What each section of a model file becomes.

#include <gtest/gtest.h>

#include <string>
#include <talweg/error.hpp>

#include "graph/op.hpp"
#include "model/model.hpp"

namespace talweg {
namespace {

CheckedModel load(const std::string& sections, const ModelOptions& options = {}) {
  return load_model_text("talweg: 1\n" + sections, "models/file.yaml", options);
}

const Node& named(const CheckedModel& model, const std::string& name) {
  for (const auto& [known, node] : model.named)
    if (known == name) return (*model.graph)[node];
  throw Error(Status::internal, "no " + name);
}

TEST(Sections, MayAllBeLeftOut) {
  const CheckedModel model = load("");
  EXPECT_EQ(model.name, "file");
  EXPECT_EQ(model.seed, 0U);
  EXPECT_EQ(model.graph->size(), 0U);
  EXPECT_FALSE(model.train);
}

TEST(Sections, ComeInAnyOrder) {
  const CheckedModel model = load(R"(
train: {minimize: loss, optimizer: gd, steps: 2 * n}
graph: {loss: sum(w) * n}
parameters: {w: {shape: [n], init: zeros}}
let: {n: 3}
)");
  EXPECT_EQ(model.train->steps, 6);
  EXPECT_EQ(model.named.front().first, "loss");
}

TEST(Let, MayUseThoseBeforeIt) {
  ModelOptions options;
  options.set = {{"a", "10"}, {"b", "a * 2"}, {"b", "a * 3"}};
  const std::string text = "let: {a: 1, b: a + 1, c: b ** 2}\n";
  EXPECT_EQ(load(text).lets[2].second, 4);
  const CheckedModel replaced = load(text, options);
  EXPECT_EQ(replaced.lets[1].second, 30);
  EXPECT_EQ(replaced.lets[2].second, 900);
}

TEST(Data, HasTheTypeThatNumPyGivesItsElements) {
  const CheckedModel model = load(R"(
let: {n: 2}
data:
  integers: [[1, 2], [3, n]]
  numbers: [1, 2.0]
  fractions: [1/3, n]
  flags: [True, False]
  scalar: 7
  empty: []
)");
  EXPECT_EQ(named(model, "integers").dtype, DType::int64);
  EXPECT_EQ(named(model, "numbers").dtype, DType::float64);
  EXPECT_EQ(named(model, "fractions").dtype, DType::float64);
  EXPECT_EQ(named(model, "flags").dtype, DType::boolean);
  EXPECT_EQ(named(model, "scalar").shape, Shape{});
  EXPECT_EQ(named(model, "empty").shape, Shape{0});
  EXPECT_EQ(model.data[2].column->values(), (std::vector<double>{1.0 / 3.0, 2}));
}

TEST(Data, IsOfTheModelsFloatingType) {
  const CheckedModel model = load("dtype: float32\ndata: {x: [0.5]}\ngraph: {y: x * 2}\n");
  EXPECT_EQ(named(model, "x").dtype, DType::float32);
  EXPECT_EQ(named(model, "y").dtype, DType::float32);
}

TEST(Parameters, AreInitialisedAsTheySay) {
  using Kind = Initializer::Kind;
  const CheckedModel model = load(R"(
let: {a: 0.5}
data: {x: [[1, 2, 3]]}
parameters:
  u: {shape: [2, 3], init: 'uniform(-a, high=2 * a)'}
  n: {shape: 4, init: normal}
  m: {shape: [4], init: 'normal(1, std=0.1)'}
  z: {shape: [], init: zeros}
  o: {shape: [2], init: ones()}
  c: {shape: [2], init: constant(a)}
  g: {shape: [2, 2], init: glorot_uniform}
  h: {shape: [2, 2], init: 'he_normal(gain=2)'}
  array: {init: [[1, a], [2, 3]]}
  number: {init: 2 * a}
  filled: {shape: [5], init: -1}
  short: [1, 2, 3]
  like: {shape: 'x.shape', init: zeros}
  sized: {shape: ['x.shape[1]', 2], init: zeros}
)");
  const auto initializer = [&](const std::string& name) {
    for (const TensorDeclaration& parameter : model.parameters)
      if (parameter.name == name) return parameter.initializer;
    throw Error(Status::internal, "no " + name);
  };
  const auto expect = [&](const std::string& name, Kind kind, double first, double second,
                          const Shape& shape) {
    EXPECT_EQ(initializer(name).kind, kind) << name;
    EXPECT_EQ(initializer(name).first, first) << name;
    EXPECT_EQ(initializer(name).second, second) << name;
    EXPECT_EQ(named(model, name).shape, shape) << name;
    EXPECT_EQ(named(model, name).dtype, DType::float64) << name;
  };
  expect("u", Kind::uniform, -0.5, 1, {2, 3});
  expect("n", Kind::normal, 0, 1, {4});
  expect("m", Kind::normal, 1, 0.1, {4});
  expect("z", Kind::constant, 0, 0, {});
  expect("o", Kind::constant, 1, 0, {2});
  expect("c", Kind::constant, 0.5, 0, {2});
  expect("g", Kind::glorot_uniform, 1, 0, {2, 2});
  expect("h", Kind::he_normal, 2, 0, {2, 2});
  expect("array", Kind::array, 0, 0, {2, 2});
  EXPECT_EQ(initializer("array").values, (std::vector<double>{1, 0.5, 2, 3}));
  expect("number", Kind::constant, 1, 0, {});
  expect("filled", Kind::constant, -1, 0, {5});
  expect("short", Kind::array, 0, 0, {3});
  expect("like", Kind::constant, 0, 0, {1, 3});
  expect("sized", Kind::constant, 0, 0, {3, 2});
}

TEST(Graph, GivesItsNamesToNodes) {
  const CheckedModel model = load(R"(
parameters: {w: {shape: [2], init: ones}}
graph:
  again: w
  doubled: 2 * w
  n: w.shape[0] + 1
  list: [doubled, w]
  both: list[0] + list[1]
)");
  EXPECT_EQ(named(model, "again").name, "w");
  EXPECT_EQ(named(model, "doubled").op->name, "multiply");
  EXPECT_EQ(named(model, "n").op->name, "constant");
  EXPECT_EQ(named(model, "both").op->name, "add");
  EXPECT_EQ(named(model, "doubled").origin.line(), 6);
}

TEST(Gradients, OfWhatIsMinimizedAreThereBeforeItIsDefined) {
  const CheckedModel model = load(R"(
parameters: {w: {shape: [2], init: ones}, b: 0.5}
state: {seen: {shape: [2]}}
graph:
  slope: grad(w)
  hidden: w * w + b
  loss: sum(hidden)
  inner: grad(hidden)
  second: grad(sum(slope), w)
update: {seen: grad(w) * step / steps}
train: {minimize: loss / 2, optimizer: gd, steps: 3, log: {Slope: sum(grad(b))}}
)");
  EXPECT_EQ(named(model, "slope").shape, (Shape{2}));
  EXPECT_EQ(named(model, "slope").phase, Phase::gradient);
  EXPECT_EQ(named(model, "inner").shape, (Shape{2}));
  EXPECT_EQ(named(model, "second").shape, (Shape{2}));
  EXPECT_EQ(model.updates.size(), 1U);
  EXPECT_EQ((*model.graph)[model.updates[0].value].phase, Phase::update);
  EXPECT_NE(model.graph->step_leaf(), kNoNode);
  EXPECT_EQ((*model.graph)[model.steps].op->name, "scalar");
  EXPECT_EQ(model.train->minimize_name, "loss / 2");
}

TEST(Update, BringsItsValueToTheShapeOfTheState) {
  const CheckedModel model = load("state: {n: {shape: [2, 3]}, m: {init: 4}}\nupdate: {n: m + 1}\n");
  EXPECT_EQ((*model.graph)[model.updates[0].value].shape, (Shape{2, 3}));
  EXPECT_EQ(model.states[1].initializer.first, 4);
}

TEST(Train, TakesAllItsSettings) {
  const CheckedModel model = load(R"(
let: {alpha: 0.1}
parameters: {w: [1, 2]}
graph: {loss: sum(w * w)}
train:
  minimize: loss
  optimizer: {momentum: {alpha: alpha / (1 + step), mu: 9/10}}
  steps: 1e3
  log: {every: 2 * 5, 'Mean |w|': mean(w), w: w}
  report: {final: w}
  stop: {gradient: 1e-8, loss: -1}
)");
  const TrainSetting& train = *model.train;
  EXPECT_EQ(train.optimizer.name, "momentum");
  EXPECT_FALSE(train.optimizer.hyperparameters[0].constant);
  EXPECT_EQ((*model.graph)[train.optimizer.hyperparameters[0].value].op->name, "divide");
  EXPECT_EQ(train.optimizer.hyperparameters[1].constant, 0.9);
  EXPECT_EQ(train.steps, 1000);
  EXPECT_EQ(train.log_every, 10);
  EXPECT_EQ(train.log.size(), 2U);
  EXPECT_EQ(train.log[0].name, "Mean |w|");
  EXPECT_EQ(train.report[0].name, "final");
  EXPECT_EQ(train.stop_gradient, 1e-8);
  EXPECT_EQ(train.stop_loss, -1);
}

TEST(Train, TakesAnotherOptimizerFromTheOptions) {
  ModelOptions options;
  options.optimizer = "momentum";
  const std::string text =
      "parameters: {w: 1}\ntrain: {minimize: w * w, steps: 1, optimizer: {gd: {alpha: 1}}}\n";
  EXPECT_EQ(load(text).train->optimizer.name, "gd");
  EXPECT_EQ(load(text, options).train->optimizer.name, "momentum");
  EXPECT_TRUE(load(text, options).train->optimizer.hyperparameters.empty());
}

TEST(Train, TakesAnotherOptimizerWithItsHyperparametersAndGroups) {
  const std::string text =
      "let: {fast: 0.5}\nparameters: {w: 1, b: 2}\ntrain: {minimize: w * w + b * b, steps: 1,\n"
      "  optimizer: {gd: {alpha: 1, groups: {bias: {parameters: b, alpha: 2}}}}}\n";
  for (const std::string given : {"adam: {alpha: fast, groups: {weight: {parameters: w, alpha: 3}}}",
                                  "{adam: {alpha: fast, groups: {weight: {parameters: w, alpha: 3}}}}"}) {
    ModelOptions options;
    options.optimizer = given;
    const TrainSetting train = *load(text, options).train;
    EXPECT_EQ(train.optimizer.name, "adam");
    ASSERT_EQ(train.optimizer.hyperparameters.size(), 1U);
    EXPECT_EQ(train.optimizer.hyperparameters[0].constant, 0.5);
    ASSERT_EQ(train.groups.size(), 1U);
    EXPECT_EQ(train.groups[0].name, "weight");
    EXPECT_EQ(train.groups[0].optimizer.hyperparameters[0].constant, 3);
  }
}

TEST(Train, NamesThePlaceOfAMistakeInAnotherOptimizer) {
  const std::pair<std::string, std::string> wrong[] = {
      {"adam: {alpha: fats}", "--set-optimizer:1:15: error: "},
      {"adam: {alpha: 1", "--set-optimizer:1:7: error: this '{' is never closed"},
      {"adam: {alpha: 1}, gd: {}", "--set-optimizer:1:17: error: "},
      {"{}", "--set-optimizer:1:1: error: 'optimizer' names no optimizer"},
      {"adam: {betas: [0.9, 0.999]}", "--set-optimizer:1:15: error: hyperparameter 'betas' is a number"}};
  for (const auto& [given, expected] : wrong) {
    ModelOptions options;
    options.optimizer = given;
    try {
      static_cast<void>(
          load("parameters: {w: 1}\ntrain: {minimize: w * w, steps: 1, optimizer: gd}\n", options));
      ADD_FAILURE() << given << " is accepted";
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(expected)) << error.what();
    }
  }
}

TEST(Sweep, KeepsTheTextsOfItsGrid) {
  const CheckedModel model = load(R"(
let: {alpha: 0.1, hidden: 4}
sweep:
  grid: {alpha: [1e-3, 1/100, "2 * 5"], hidden: [4, 32]}
  restarts: 3
)");
  ASSERT_EQ(model.sweep->grid.size(), 2U);
  EXPECT_EQ(model.sweep->grid[0].first, "alpha");
  EXPECT_EQ(model.sweep->grid[0].second, (std::vector<std::string>{"1e-3", "1/100", "2 * 5"}));
  EXPECT_EQ(model.sweep->restarts, 3);
}

}  // namespace
}  // namespace talweg
