// Optimizers whose model is evaluated with other weights than those that gradients are taken at.

#include <gtest/gtest.h>

#include <talweg/error.hpp>

#include "training/checkpoint.hpp"
#include "training/following.hpp"
#include "training/weights.hpp"

namespace talweg {
namespace {

/// param runs down by 1 a step, the average of where it was is what counts: -1/2, -1, -3/2, ...
const std::string kAveraging =
    "optimizers:\n"
    "  averaging:\n"
    "    state: {average: param}\n"
    "    update: {param: param - grad, average: average + (param - grad - average) / (step + 2)}\n"
    "    evaluate: average\n";

/// The gradient of every element of w and b is 1; the loss adds both up.
std::string model(const std::string& train, const std::string& parameters = "{w: 0, b: 0}") {
  return "talweg: 1\n" + kAveraging + "data: {x: [1, 1, 1, 1]}\nsplit: {train: 3, validation: 1}\n" +
         "parameters: " + parameters + "\n" +
         "graph: {loss: (w + b) * mean(x)}\nmetrics: {place: w, miss: (w + 1) ** 2}\n" +
         "train: {minimize: loss, optimizer: averaging, batch: 1, validate: {every: 1}, " + train + "}\n";
}

TEST(WeightSwap, ShowsTheWeightsForEvaluationWhereverTheModelIsLookedAt) {
  const auto trainer = make_trainer(model("steps: 4, log: {every: 1, place: w}, report: {at_the_end: w}"));
  const Following following = train(*trainer);
  for (const LogRecord& line : following.lines) {
    EXPECT_EQ(scalar(line.values, "place"), -0.5 * static_cast<double>(line.step));
    EXPECT_EQ(scalar(line.values, "loss"), -1.0 * static_cast<double>(line.step));
  }
  for (const ValidationRecord& validation : following.validations)
    EXPECT_EQ(scalar(validation.values, "place"), -0.5 * static_cast<double>(validation.step));
  EXPECT_EQ(scalar(following.end.values, "place"), -2);
  EXPECT_EQ(scalar(following.end.report, "at_the_end"), -2);
  EXPECT_EQ(trainer->value("w").values[0], -2);
  EXPECT_EQ(named(trainer->weights().tensors, "b").values[0], -2);
}

TEST(WeightSwap, KeepsTheBestWeightsForEvaluation) {
  const auto trainer = make_trainer(model("steps: 6, keep: {lowest: miss}"));
  const Following following = train(*trainer);
  EXPECT_EQ(following.end.validation->step, 2);
  EXPECT_EQ(trainer->value("w").values[0], -1);
  EXPECT_EQ(named(trainer->weights().tensors, "w").values[0], -1);
}

TEST(WeightSwap, TakesGradientsAtTheOtherWeights) {
  // The gradient is w: (1 - alpha)^k where it is taken at param, however the average lags behind.
  const auto trainer = make_trainer("talweg: 1\n" + kAveraging +
                                    "parameters: {w: 1}\n"
                                    "train: {minimize: w * w / 4, steps: 3, optimizer: averaging}\n");
  train(*trainer);
  EXPECT_DOUBLE_EQ(trainer->value("w").values[0], (1 + 0.5 + 0.25 + 0.125) / 4);
}

TEST(WeightSwap, BeginsAnewWhereAParameterIsReplaced) {
  const auto replaced = make_trainer(model("steps: 3")),
             written = make_trainer(model("steps: 3", "{w: 7, b: 0}"));
  replaced->set_value("w", std::vector<double>{7});
  train(*replaced);
  train(*written);
  EXPECT_EQ(replaced->value("w").values, written->value("w").values);
  EXPECT_EQ(replaced->value("b").values, written->value("b").values);
}

TEST(WeightSwap, MayBeOfAGroup) {
  for (const char* group : {"w", "b"}) {
    std::string text = model("steps: 4");
    text.replace(text.find("optimizer: averaging"), 20,
                 "optimizer: {gd: {alpha: 1, groups: {g: {parameters: " + std::string(group) +
                     ", optimizer: averaging}}}}");
    const auto trainer = make_trainer(text);
    train(*trainer);
    EXPECT_EQ(trainer->value(group).values[0], -2);
    EXPECT_EQ(trainer->value(*group == 'w' ? "b" : "w").values[0], -4);
  }
}

TEST(WeightSwap, RunsByTheReferenceExecutorAndInFloat32) {
  const auto reference = make_trainer(model("steps: 4"), {}, {.reference_executor = true});
  const auto narrow = make_trainer("dtype: float32\n" + model("steps: 4"));
  train(*reference);
  train(*narrow);
  EXPECT_EQ(reference->value("w").values[0], -2);
  EXPECT_EQ(narrow->value("w").values[0], -2);
}

TEST(WeightSwap, SavesBothWeights) {
  const auto trainer = make_trainer(model("steps: 4"));
  train(*trainer);
  const std::vector<NamedTensor> tensors = trainer->checkpoint().tensors;
  EXPECT_EQ(named(tensors, "w").values[0], -2);
  EXPECT_EQ(named(tensors, "optimizer:trained weights:w").values[0], -4);
}

/// The message with which a training of `loss` diverges.
std::string divergence(const std::string& loss) {
  const auto trainer = make_trainer("talweg: 1\n" + kAveraging + "parameters: {w: 0}\ngraph: {loss: '" +
                                    loss + "'}\ntrain: {minimize: loss, steps: 20, optimizer: averaging}\n");
  try {
    train(*trainer);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::diverged);
    return error.message();
  }
  return "";
}

TEST(WeightSwap, FindsWhatIsNotFiniteAtEitherWeights) {
  EXPECT_EQ(divergence("w + 0 * sqrt(w + 3.5)"), "diverged in step 4: sqrt (node 3) is nan");
  // param is an integer in every step, the average -1/2 in step 1.
  EXPECT_EQ(divergence("w + 0 * log(abs(w + 0.5))"), "diverged in step 1: log (node 4) is -inf");
}

}  // namespace
}  // namespace talweg
