// Minimizers, driven by the trainer: what they are shown, what they keep, and how they end.

#include <gtest/gtest.h>

#include <cmath>

#include "plugin/test_plugins.hpp"
#include "training/checkpoint.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

std::string rosenbrock(const std::string& optimizer, int steps, const std::string& dtype = "float64") {
  return "talweg: 1\ndtype: " + dtype +
         "\nseed: 3\n"
         "parameters: {x: -1.2, y: 1.0}\n"
         "graph: {loss: 100 * (y - x**2)**2 + (1 - x)**2}\n"
         "train: {minimize: loss, optimizer: " +
         optimizer + ", steps: " + std::to_string(steps) + "}\n";
}

TEST(Minimizers, FindTheBottomOfRosenbrocksValley) {
  const auto trainer = make_trainer(rosenbrock("lbfgs", 100));
  const EndRecord end = train(*trainer).end;
  EXPECT_LT(scalar(end.values, "loss"), 1e-20);
  ASSERT_TRUE(end.evaluations);
  EXPECT_LE(*end.evaluations, 60);
}

/// The tensor of a checkpoint that a minimizer keeps under that name.
const NamedTensor& kept(const Checkpoint& checkpoint, const std::string& name) {
  return named(checkpoint.tensors, "optimizer:" + name);
}

TEST(Minimizers, PairEveryGradientWithItsPoint) {
  // Of a quadratic each y is the matrix of second derivatives times s, whatever the line search did.
  const std::vector<double> diagonal = {1, 10, 100, 3};
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "data: {a: [1, 10, 100, 3]}\n"
      "parameters: {x: [3, -1, 0.5, 2]}\n"
      "graph: {loss: 'sum(a * x * x) / 2 + x[0] * x[1] / 2'}\n"
      "train: {minimize: loss, optimizer: {lbfgs: {memory: 5}}, steps: 5}\n");
  train(*trainer);
  const Checkpoint checkpoint = trainer->checkpoint();
  const std::vector<double>&s = kept(checkpoint, "s").values, &y = kept(checkpoint, "y").values;
  ASSERT_EQ(kept(checkpoint, "pairs").values, std::vector<double>{5});
  for (std::size_t pair = 0; pair < 5; ++pair)
    for (std::size_t i = 0; i < diagonal.size(); ++i) {
      const std::size_t at = pair * diagonal.size() + i;
      const double coupled = i < 2 ? s[pair * diagonal.size() + 1 - i] / 2 : 0;
      EXPECT_NEAR(y[at], diagonal[i] * s[at] + coupled, 1e-12) << pair << " " << i;
    }
}

TEST(Minimizers, EndWhereTheLineSearchFindsNoLowerPointAndLeaveXThere) {
  // The gradient leads up: of the value's slope it has the wrong sign.
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "parameters: {x: [1, 2]}\n"
      "graph: {loss: stop_gradient(2 * sum(x)) - sum(x)}\n"
      "train: {minimize: loss, optimizer: lbfgs, steps: 10}\n");
  const EndRecord end = train(*trainer).end;
  EXPECT_EQ(end.reason, EndReason::optimizer);
  EXPECT_EQ(end.message.substr(0, 40), "the line search finds no lower point; th");
  EXPECT_EQ(end.steps, 0);
  EXPECT_EQ(trainer->value("x").values, (std::vector<double>{1, 2}));
}

TEST(Minimizers, EndAtAZeroGradient) {
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "parameters: {x: [0, 0]}\n"
      "train: {minimize: sum(x * x), optimizer: lbfgs, steps: 10}\n");
  const EndRecord end = train(*trainer).end;
  EXPECT_EQ(end.message, "the gradient is zero");
  EXPECT_EQ(end.evaluations, 1);
}

TEST(Minimizers, EvaluateAPointOnceWhetherTheModelHasDataOrNot) {
  const auto evaluations = [](const std::string& head, const std::string& target) {
    return *train(*make_trainer("talweg: 1\n" + head +
                                "parameters: {x: [3, -1]}\n"
                                "graph: {loss: 'sum((x - " +
                                target +
                                ") ** 4)'}\n"
                                "train: {minimize: loss, optimizer: lbfgs, steps: 8}\n"))
                .end.evaluations;
  };
  EXPECT_EQ(evaluations("data: {a: [1, 2]}\n", "a"), evaluations("", "[1, 2]"));
}

TEST(Minimizers, ThatFailInAStepLeaveXWhereItWas) {
  CheckedModel model = load_model_text(
      "talweg: 1\n"
      "parameters: {x: [1, 2]}\n"
      "train: {minimize: sum(x * x) / 2, optimizer: minimizer_throws, steps: 10}\n",
      "model.yaml");
  auto optimizer = find_optimizer(model, test_plugin_path());
  Trainer trainer(std::move(model), std::move(optimizer), {});
  EXPECT_THROW(train(trainer), Error);
  EXPECT_EQ(trainer.step(), 1);
  EXPECT_EQ(trainer.value("x").values, (std::vector<double>{1 - 0.1 * 1, 2 - 0.1 * 2}));
}

class EveryMinimizer : public testing::TestWithParam<const char*> {};

TEST_P(EveryMinimizer, GoesOnFromACheckpointToTheBit) {
  for (const char* dtype : {"float64", "float32"}) {
    const auto whole = make_trainer(rosenbrock(GetParam(), 20, dtype));
    train(*whole);
    const auto first = make_trainer(rosenbrock(GetParam(), 9, dtype));
    train(*first);
    const auto second = make_trainer(rosenbrock(GetParam(), 20, dtype));
    second->restore(decode_checkpoint(encode_checkpoint(first->checkpoint()), "checkpoint"));
    train(*second);
    EXPECT_EQ(second->step(), whole->step());
    EXPECT_EQ(encode_checkpoint(second->checkpoint()), encode_checkpoint(whole->checkpoint())) << dtype;
  }
}

INSTANTIATE_TEST_SUITE_P(Training, EveryMinimizer, testing::Values("lbfgs"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace talweg
