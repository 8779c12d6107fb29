// What dropout draws, and when.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <talweg/error.hpp>

#include "training/checkpoint.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

/// `y` of a large `x` of ones, and a logged number that tells one y from another.
std::string model(const std::string& y, const std::string& seed = "7", const std::string& dtype = "float64") {
  return "talweg: 1\ndtype: " + dtype + "\nseed: " + seed +
         "\nparameters: {W: {shape: [100, 101], init: ones}}\n"
         "graph:\n  x: ones_like(W)\n  y: " +
         y +
         "\n  loss: sum(y * W)\ntrain: {minimize: loss, optimizer: {gd: {alpha: 1}}, steps: 3, log: {every: "
         "1, place: sum(y * arange(101))}}\n";
}

using Values = std::vector<double>;

Values drawn(const std::string& text, const ModelOptions& options = {}, const TrainerOptions& training = {}) {
  return make_trainer(text, options, training)->value("y").values;
}

TEST(Dropout, LeavesTheShareThatItShould) {
  for (double rate : {0.1, 0.5, 0.9}) {
    const Values y = drawn(model("dropout(x, " + std::to_string(rate) + ")"));
    const auto zeros = static_cast<double>(std::ranges::count(y, 0.0));
    const auto n = static_cast<double>(y.size());
    EXPECT_NEAR(zeros / n, rate, 5 * std::sqrt(rate * (1 - rate) / n));
    for (double value : y) EXPECT_TRUE(value == 0 || std::abs(value - 1 / (1 - rate)) < 1e-12) << value;
  }
}

TEST(Dropout, IsAbsentInEvaluationAndWithRate0) {
  EXPECT_EQ(drawn(model("dropout(x, 0)")), Values(10100, 1.0));
  EXPECT_EQ(drawn(model("dropout(x, 0.5)"), {.mode = Mode::evaluation}), Values(10100, 1.0));
}

TEST(Dropout, DrawsTheSameOnEveryExecutorAndNumberOfThreadsInBothTypes) {
  const std::string text = model("dropout(x)");
  const Values y = drawn(text);
  EXPECT_EQ(drawn(text, {}, {.reference_executor = true}), y);
  for (int threads : {2, 3, 5}) EXPECT_EQ(drawn(text, {}, {.threads = threads}), y) << threads;
  EXPECT_EQ(drawn(model("dropout(x)", "7", "float32")), y);
  const std::string normal = model("randn_like(x)");
  EXPECT_EQ(drawn(normal, {}, {.reference_executor = true}), drawn(normal, {}, {.threads = 3}));
}

TEST(Dropout, DependsOnSeedStepAndCall) {
  EXPECT_NE(drawn(model("dropout(x)", "7")), drawn(model("dropout(x)", "8")));
  const auto trainer = make_trainer(model("dropout(x)"));
  EXPECT_EQ(trainer->value("y").values, trainer->value("y").values) << "of one step";
  std::set<double> masks;
  for (const LogRecord& line : train(*trainer).lines) masks.insert(scalar(line.values, "place"));
  EXPECT_EQ(masks.size(), 3U);
  EXPECT_NE(drawn(model("dropout(x) * 0 + dropout(x)")), drawn(model("dropout(x)")));
}

TEST(Dropout, GoesOnAfterAResumptionAsIfThereHadBeenNone) {
  const auto trained = make_trainer(model("dropout(x)")), resumed = make_trainer(model("dropout(x)"));
  static_cast<void>(train(*trained));
  resumed->restore(trained->checkpoint());
  EXPECT_EQ(resumed->value("y").values, trained->value("y").values);
}

TEST(Dropout, LetsNoGradientThroughTheMaskAndTheRestScaled) {
  const auto trainer = make_trainer(model("dropout(x * W)"));
  const Values y = trainer->value("y").values, gradient = trainer->gradient("W").values;
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(gradient[i], 2 * y[i], 1e-12);
}

/// Of batches the last one is smaller, and the validation has another number of rows.
TEST(Dropout, GoesWithBatchesOfAnySize) {
  const std::string text =
      "talweg: 1\nseed: 3\ndata: {x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}\nsplit: {train: 7, validation: 4}\n"
      "parameters: {w: {shape: [], init: ones}}\ngraph: {loss: mean((dropout(w * x) - x) ** 2)}\n"
      "train: {minimize: loss, optimizer: {gd: {alpha: 0.01}}, batch: 4, epochs: 3}\n";
  const auto first = make_trainer(text), second = make_trainer(text);
  static_cast<void>(train(*first));
  static_cast<void>(train(*second));
  EXPECT_EQ(first->value("w").values, second->value("w").values);
  EXPECT_NE(first->value("w").values, Values{1.0});
}

TEST(Dropout, OfWeightsIsDropConnect) {
  const auto trainer = make_trainer(
      "talweg: 1\nparameters: {x: {shape: [40, 50], init: ones}}\ngraph:\n  y: drop_connect(x, units=30, "
      "rate=0.25)\n  loss: sum(y)\ntrain: {minimize: loss, optimizer: {gd: {alpha: 1}}, steps: 1}\n");
  const Values gradient = trainer->gradient("y/W").values;
  const auto zeros = static_cast<double>(std::ranges::count(gradient, 0.0));
  EXPECT_NEAR(zeros / 1500, 0.25, 0.06);
  for (double value : gradient) EXPECT_TRUE(value == 0 || std::abs(value - 40 / 0.75) < 1e-9) << value;
}

TEST(RandomNumbers, HaveTheMomentsOfTheirDistributions) {
  const auto moments = [](const Values& values) {
    double mean = 0, square = 0;
    for (double value : values) mean += value / static_cast<double>(values.size());
    for (double value : values)
      square += (value - mean) * (value - mean) / static_cast<double>(values.size());
    return std::pair(mean, square);
  };
  const auto [mean, variance] = moments(drawn(model("rand_like(x)")));
  EXPECT_NEAR(mean, 0.5, 0.015);
  EXPECT_NEAR(variance, 1.0 / 12, 0.005);
  const auto [normal_mean, normal_variance] = moments(drawn(model("randn(100, 101)")));
  EXPECT_NEAR(normal_mean, 0, 0.05);
  EXPECT_NEAR(normal_variance, 1, 0.07);
}

}  // namespace
}  // namespace talweg
