// How training ends: conditions, requests, and values that are no numbers.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <talweg/error.hpp>

#include "training/following.hpp"

namespace talweg {
namespace {

std::string parabola(const std::string& train, const std::string& alpha = "0.5",
                     const std::string& more = "") {
  return "talweg: 1\nparameters: {x: 1.0}\ngraph:\n  loss: x * x / 2\n" + more +
         "train:\n  minimize: loss\n  optimizer: {gd: {alpha: " + alpha + "}}\n" + train;
}

TEST(Stop, EndsAtASmallGradient) {
  // x is halved each time; the gradient of step k is 2^-k.
  const auto trainer = make_trainer(parabola("  steps: 1000\n  stop: {gradient: 1/1024}\n"));
  const EndRecord end = train(*trainer).end;
  EXPECT_EQ(end.reason, EndReason::gradient);
  EXPECT_EQ(end.steps, 11);
}

TEST(Stop, EndsAtASmallLoss) {
  // The loss of step k is 4^-k / 2.
  const auto trainer = make_trainer(parabola("  steps: 1000\n  stop: {loss: 1/32}\n"));
  const EndRecord end = train(*trainer).end;
  EXPECT_EQ(end.reason, EndReason::loss);
  EXPECT_EQ(end.steps, 3);
}

TEST(Stop, DoesNotHoldWhereTheStepsEndBefore) {
  const auto trainer = make_trainer(parabola("  steps: 5\n  stop: {gradient: 1e-30, loss: 1e-30}\n"));
  const EndRecord end = train(*trainer).end;
  EXPECT_EQ(end.reason, EndReason::steps);
  EXPECT_EQ(end.steps, 5);
}

TEST(Stop, OnRequestEndsAfterTheStepAndTrainingGoesOnLater) {
  struct Stopping : Following {
    void logged(const LogRecord& record) override {
      Following::logged(record);
      if (record.step == 3) trainer->request_stop();
    }
    Trainer* trainer = nullptr;
  } stopping;
  const auto trainer = make_trainer(parabola("  steps: 10\n  log: {every: 1}\n"));
  stopping.trainer = trainer.get();
  trainer->run(stopping);
  EXPECT_EQ(stopping.end.reason, EndReason::interrupted);
  EXPECT_EQ(stopping.end.steps, 3);
  EXPECT_EQ(train(*trainer).end.steps, 10);
}

TEST(Trainer, ThatHasNoStepsShowsTheUntrainedModel) {
  const auto trainer = make_trainer(parabola("  steps: 0\n"));
  const Following following = train(*trainer);
  EXPECT_TRUE(following.lines.empty());
  EXPECT_EQ(following.end.steps, 0);
  EXPECT_EQ(scalar(following.end.values, "loss"), 0.5);
}

TEST(Trainer, ChoosesAboutTwentyLogLines) {
  struct Case {
    std::int64_t steps, every;
  };
  for (const auto& [steps, every] : {Case{1, 1}, {20, 1}, {100, 5}, {1000, 50}, {1234, 50}, {60'000, 2000}}) {
    const auto trainer = make_trainer(parabola("  steps: " + std::to_string(steps) + "\n"));
    const Following following = train(*trainer);
    EXPECT_EQ(following.lines.size(), static_cast<std::size_t>((steps + every - 1) / every)) << steps;
  }
}

std::string divergence(const std::string& text) {
  const auto trainer = make_trainer(text);
  try {
    train(*trainer);
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::diverged);
    return error.what();
  }
  return "trained";
}

TEST(Divergence, NamesStepNodeAndLine) {
  // x is multiplied by -3e50 each time, so x * x overflows where x is 9e100 * -3e50, before update 4.
  EXPECT_EQ(divergence(parabola("  steps: 1000\n", "3e50")),
            R"(model.yaml:4:9: error: diverged in step 4: multiply (node 1) is inf
    4 |   loss: x * x / 2
      |         ^~~~~
note: its inputs: x () up to 8.1e+201, x () up to 8.1e+201
hint: a smaller alpha may help, or a clipped gradient)");
}

TEST(Divergence, LeavesTheValuesFromBeforeTheStep) {
  const auto trainer = make_trainer(parabola("  steps: 1000\n", "3e50"));
  EXPECT_THROW(train(*trainer), Error);
  EXPECT_EQ(trainer->step(), 4);
  EXPECT_TRUE(std::isfinite(trainer->value("x").values.at(0)));
}

TEST(Divergence, IsFoundInTheExactStepHoweverSeldomOneLooks) {
  // A factor of -2: x^2 overflows after 512 steps, x after 1024.
  for (const char* every : {"1", "7", "100000"}) {
    const std::string text =
        divergence(parabola("  steps: 5000\n  log: {every: " + std::string(every) + "}\n", "3"));
    EXPECT_NE(text.find("diverged in step 512: multiply (node 1) is inf"), std::string::npos) << text;
  }
}

TEST(Divergence, OfTheUntrainedModelIsSaidToBe) {
  const std::string text = divergence(R"(talweg: 1
parameters: {x: 0.0}
graph: {inverse: 1 / x, loss: inverse * inverse}
train: {minimize: loss, optimizer: gd, steps: 3}
)");
  EXPECT_NE(text.find("diverged in step 0: inverse is inf"), std::string::npos) << text;
  EXPECT_NE(text.find("hint: the untrained model gives it"), std::string::npos) << text;
}

TEST(Divergence, InTheGradientAloneIsNamedSo) {
  // sigmoid is finite where its argument is infinite; the gradient of 1 / x is not.
  const std::string text = divergence(R"(talweg: 1
parameters: {x: 0.0}
graph: {loss: sigmoid(1 / x)}
train: {minimize: loss, optimizer: gd, steps: 3}
)");
  EXPECT_NE(text.find("model.yaml:3:23: error: diverged in step 0: divide"), std::string::npos) << text;
}

TEST(Divergence, OfAStateIsNamed) {
  const std::string text =
      divergence(parabola("  steps: 3000\n", "0.5", "state: {grows: 1.0}\nupdate: {grows: grows * 2}\n"));
  EXPECT_NE(text.find("diverged in step 1023, in the update: multiply"), std::string::npos) << text;
}

TEST(Divergence, IsNotAnInfinityThatFeedsNothing) {
  const auto trainer = make_trainer(R"(talweg: 1
data: {zero: 0.0}
parameters: {x: 1.0}
graph:
  beside: 1 / zero
  masked: 1 / beside
  loss: x * x / 2 + masked
train: {minimize: loss, optimizer: {gd: {alpha: 0.5}}, steps: 300, log: {every: 100, beside: beside}}
)");
  const Following following = train(*trainer);
  EXPECT_EQ(following.end.steps, 300);
  EXPECT_EQ(scalar(following.end.values, "beside"), std::numeric_limits<double>::infinity());
}

TEST(Divergence, OfGivenValuesIsFound) {
  const auto trainer = make_trainer(parabola("  steps: 3\n"));
  trainer->set_value("x", std::vector<double>{std::nan("")});
  EXPECT_THROW(train(*trainer), Error);
}

}  // namespace
}  // namespace talweg
