// `clip:` under `train:`, between gradients and update.

#include <gtest/gtest.h>

#include <cmath>

#include "training/following.hpp"

namespace talweg {
namespace {

/// Two parameters with the gradients (3, -4) and 12, whose norm is 13.
std::string model(const std::string& clip, const std::string& optimizer = "{gd: {alpha: 1}}") {
  return "talweg: 1\n"
         "parameters: {a: [0, 0], b: 0}\n"
         "graph: {loss: '3 * a[0] - 4 * a[1] + 12 * b'}\n"
         "train: {minimize: loss, steps: 1, optimizer: " +
         optimizer + clip + "}\n";
}

std::vector<double> stepped(const std::string& text) {
  const auto trainer = make_trainer(text);
  train(*trainer);
  std::vector<double> values = trainer->value("a").values;
  values.push_back(trainer->value("b").values[0]);
  return values;
}

TEST(Clipping, ByNormShrinksAllGradientsAlike) {
  const double factor = 2 / (13 + 1e-6);  // as torch.nn.utils.clip_grad_norm_
  const std::vector<double> values = stepped(model(", clip: {norm: 2}"));
  EXPECT_DOUBLE_EQ(values[0], -3 * factor);
  EXPECT_DOUBLE_EQ(values[1], 4 * factor);
  EXPECT_DOUBLE_EQ(values[2], -12 * factor);
}

TEST(Clipping, ByNormLeavesShortGradients) {
  EXPECT_EQ(stepped(model(", clip: {norm: 14}")), stepped(model("")));
  EXPECT_EQ(stepped(model("")), (std::vector<double>{-3, 4, -12}));
}

TEST(Clipping, ByValueLimitsEveryElement) {
  EXPECT_EQ(stepped(model(", clip: {value: 3.5}")), (std::vector<double>{-3, 3.5, -3.5}));
}

TEST(Clipping, HoldsForRulesThatAreEmittedForEachParameter) {
  // lamb looks at each parameter by itself; the norm is still that of all gradients together.
  const std::string rule = "{lamb: {alpha: 0.1, epsilon: 1}}";
  const std::vector<double> clipped = stepped(model(", clip: {norm: 2}", rule));
  const double g = 12 * 2 / (13 + 1e-6);
  EXPECT_NEAR(clipped[2], -0.1 * g / (g + 1), 1e-12);
}

TEST(Clipping, LeavesTheModelsOwnGradientAndTheStopCondition) {
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "parameters: {a: [0, 0], b: 0}\n"
      "graph: {loss: '3 * a[0] - 4 * a[1] + 12 * b', slope: grad(b)}\n"
      "train: {minimize: loss, steps: 1, optimizer: {gd: {alpha: 1}}, clip: {norm: 2}, stop: {gradient: "
      "11}}\n");
  EXPECT_EQ(train(*trainer).end.reason, EndReason::steps);
  EXPECT_EQ(trainer->value("slope").values, std::vector<double>{12});
  EXPECT_EQ(trainer->gradient("b").values, std::vector<double>{12});
}

TEST(Clipping, DoesNotHideDivergence) {
  for (const char* clip : {", clip: {norm: 1}", ", clip: {value: 1}"}) {
    const std::string text = std::string(
                                 "talweg: 1\n"
                                 "parameters: {a: 0.0}\n"
                                 "train: {minimize: sqrt(a) * 0, steps: 3, optimizer: {gd: {alpha: 1}}") +
                             clip + "}\n";
    try {
      train(*make_trainer(text));
      ADD_FAILURE() << "trained with" << clip;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::diverged) << clip;
    }
  }
}

TEST(Clipping, IsRefusedForMinimizers) {
  try {
    static_cast<void>(make_trainer(model(", clip: {norm: 1}", "lbfgs")));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "model.yaml:4:59: error: optimizer 'lbfgs' evaluates the objective itself, and its gradients are "
        "not clipped\n"
        "    4 | train: {minimize: loss, steps: 1, optimizer: lbfgs, clip: {norm: 1}}\n"
        "      |                                                           ^~~~~~~~~\n"
        "hint: leave out 'clip', or choose an optimizer that is an update rule");
  }
}

}  // namespace
}  // namespace talweg
