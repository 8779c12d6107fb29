#include <gtest/gtest.h>

#include <algorithm>
#include <talweg/talweg.hpp>

#include "model/three_layer.hpp"
#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

const std::string kBowl = R"(talweg: 1
let: {alpha: 0.25}
data: {center: [1, 2]}
parameters: {x: {shape: [2], init: ones}}
state: {count: {shape: []}}
graph: {distance: x - center, loss: sum(distance * distance) / 2}
update: {count: count + 1}
train:
  minimize: loss
  optimizer: {gd: {alpha: alpha}}
  steps: 4
  log: {every: 2, distance: distance}
  report: {count: count}
)";

TEST(Embedding, IsTrainedAndFollowed) {
  Model model = Model::from_text(kBowl);
  std::vector<std::int64_t> steps;
  std::vector<double> second_distances;
  const TrainingResult result = model.train({.log = [&](const TrainingLog& log) {
    steps.push_back(log.step);
    ASSERT_EQ(log.values.at(0).first, "distance");
    second_distances.push_back(log.values.at(0).second.values.at(1));
    EXPECT_EQ(log.loss, second_distances.back() * second_distances.back() / 2);
  }});
  EXPECT_EQ(steps, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(second_distances, (std::vector<double>{-1, -0.5625}));
  EXPECT_EQ(result.steps, 4);
  EXPECT_EQ(result.reason, "steps");
  EXPECT_EQ(result.loss, 0.31640625 * 0.31640625 / 2);
  EXPECT_EQ(result.report.at(0).first, "count");
  EXPECT_EQ(result.report.at(0).second.values, std::vector<double>{4});
  EXPECT_EQ(model.step(), 4);
}

TEST(Embedding, LetsItsValuesBeReadAndSet) {
  Model model = Model::from_text(kBowl);
  EXPECT_EQ(model.parameters(), std::vector<std::string>{"x"});
  EXPECT_EQ(model.names(), (std::vector<std::string>{"center", "x", "count", "distance", "loss"}));
  EXPECT_EQ(model.value("x").shape, std::vector<std::int64_t>{2});
  model.set_value("x", std::vector<double>{4, 6});
  EXPECT_EQ(model.value("x").values, (std::vector<double>{4, 6}));
  EXPECT_EQ(model.value("distance").values, (std::vector<double>{3, 4}));
  EXPECT_EQ(model.value("loss").values, std::vector<double>{12.5});
  EXPECT_TRUE(model.value("loss").shape.empty());
  EXPECT_EQ(model.gradient("x").values, (std::vector<double>{3, 4}));
}

TEST(Embedding, ReadsAListOfTensorsAsOne) {
  Model model = Model::from_text(
      "talweg: 1\n"
      "data: {a: [1, 2]}\n"
      "graph: {pair: '[a, a * 2]', sizes: '[2, 3]', parts: 'split(a, [1])', uneven: '[a, a[:1]]'}\n");
  EXPECT_EQ(model.names(), (std::vector<std::string>{"a", "pair", "sizes", "parts"}));
  EXPECT_EQ(model.value("pair").shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(model.value("pair").values, (std::vector<double>{1, 2, 2, 4}));
  EXPECT_EQ(model.value("sizes").values, (std::vector<double>{2, 3}));
  EXPECT_EQ(model.value("parts").values, (std::vector<double>{1, 2}));
}

TEST(Embedding, IsLoadedWithOptions) {
  LoadOptions options;
  options.set = {{"hidden", "2"}};
  options.seed = 2;
  options.steps = 1;
  options.optimizer = "momentum";
  options.reference_executor = true;
  Model model = Model::from_text(kThreeLayer, options);
  EXPECT_EQ(model.value("synapse_0").shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(model.value("synapse_0").values.at(0), -0x1.062a35a13cec0p-3);
  EXPECT_EQ(model.train().steps, 1);
}

TEST(Embedding, SavesWeightsAndTakesThemElsewhere) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "weights.safetensors").string();
  Model trained = Model::from_text(kBowl), other = Model::from_text(kBowl);
  trained.train();
  trained.save_weights(path);
  other.load_weights(path);
  EXPECT_EQ(other.value("x").values, trained.value("x").values);
  EXPECT_EQ(other.value("count").values, std::vector<double>{4});
  EXPECT_EQ(other.step(), 0) << "it is not a checkpoint";
  Model wider = Model::from_text(
      "talweg: 1\nparameters: {x: {shape: [3], init: ones}}\nstate: {count: {shape: []}}\ngraph: {y: x}\n");
  EXPECT_THROW(wider.load_weights(path), Error);
  EXPECT_EQ(wider.value("x").values, (std::vector<double>{1, 1, 1}));
  EXPECT_THROW(wider.save_weights(directory.path() / "nowhere" / "weights"), Error);
}

TEST(Embedding, EvaluatesASplitAndFindsDataInADirectory) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "x.csv", "x\n1\n2\n3\n6\n");
  const std::string text =
      "talweg: 1\ndata: {x: {csv: x.csv, columns: x, dtype: float}}\nsplit: {train: 3, validation: 1}\n"
      "parameters: {w: {shape: [], init: 2}}\ngraph: {loss: 'mean(w * x)'}\nmetrics: {largest: max(x)}\n"
      "train: {minimize: loss, optimizer: gd, steps: 1}\n";
  EXPECT_THROW(static_cast<void>(Model::from_text(text)), Error);
  const Model model = Model::from_text(text, {.data = {directory.path()}});
  const NamedArrays train = model.evaluate("train"), validation = model.evaluate("validation");
  EXPECT_EQ(train.at(0).first, "loss");
  EXPECT_EQ(train.at(0).second.values, std::vector<double>{4});
  EXPECT_EQ(validation.at(1).first, "largest");
  EXPECT_EQ(validation.at(1).second.values, std::vector<double>{6});
  EXPECT_THROW(static_cast<void>(model.evaluate("test")), Error);
}

TEST(Embedding, StopsOnRequestAndGoesOn) {
  Model model = Model::from_text(kBowl);
  const TrainingResult result = model.train({.log = [&](const TrainingLog& log) {
    if (log.step == 2) model.request_stop();
  }});
  EXPECT_EQ(result.reason, "interrupted");
  EXPECT_EQ(result.steps, 2);
  EXPECT_EQ(model.train().steps, 4);
}

TEST(Embedding, SaysWhatIsWrongAndWhere) {
  try {
    static_cast<void>(Model::from_text("talweg: 1\ngraph: {a: b}\n", {}, "mine.yaml"));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::model);
    EXPECT_EQ(error.location().file, "mine.yaml");
    EXPECT_EQ(error.location().line, 2);
    EXPECT_EQ(error.location().column, 12);
  }
  Model model = Model::from_text(kBowl);
  const auto hint_of = [](auto call) {
    try {
      call();
    } catch (const Error& error) {
      return error.message() + "; " + error.hint();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(hint_of([&] { static_cast<void>(model.value("distnce")); }),
            "the model has no 'distnce'; did you mean 'distance'?");
  EXPECT_EQ(hint_of([&] { static_cast<void>(model.gradient("y")); }), "there is no parameter 'y'; ");
  EXPECT_EQ(hint_of([&] { model.set_value("cuont", std::vector<double>{1}); }),
            "there is no parameter or state 'cuont'; did you mean 'count'?");
  EXPECT_EQ(hint_of([&] { model.set_value("x", std::vector<double>{1}); }),
            "'x' is (2,) and has 2 elements, not 1; ");
}

TEST(Embedding, PassesOnWhatACallbackThrows) {
  Model model = Model::from_text(kBowl);
  EXPECT_THROW(model.train({.log = [](const TrainingLog&) { throw std::runtime_error("enough"); }}),
               std::runtime_error);
}

}  // namespace
}  // namespace talweg
