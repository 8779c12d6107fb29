// Minimizers, driven by the trainer: what they are shown, what they keep, and how they end.

#include <gtest/gtest.h>

#include <cmath>

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
