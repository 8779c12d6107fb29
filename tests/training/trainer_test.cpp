#include "training/trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <talweg/error.hpp>

#include "model/three_layer.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

/// One parameter on a parabola, from 1: gd multiplies x by 1 - alpha.
const std::string kParabola = R"(talweg: 1
let: {alpha: 0.25}
parameters: {x: {shape: [], init: 1}}
graph: {loss: x * x / 2}
train: {minimize: loss, optimizer: {gd: {alpha: alpha}}, steps: 5, log: {every: 2, twice: 2 * x}}
)";

TEST(Trainer, LogsTheValuesBeforeAnUpdateAndEndsWithThoseAfterTheLast) {
  const auto trainer = make_trainer(kParabola);
  const Following following = train(*trainer);
  const auto x_at = [](int step) { return std::pow(0.75, step); };
  ASSERT_EQ(following.lines.size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const LogRecord& line = following.lines[static_cast<std::size_t>(i)];
    EXPECT_EQ(line.step, 2 * i);
    EXPECT_EQ(scalar(line.values, "twice"), 2 * x_at(2 * i));
    EXPECT_EQ(scalar(line.values, "loss"), x_at(2 * i) * x_at(2 * i) / 2);
  }
  EXPECT_EQ(following.end.steps, 5);
  EXPECT_EQ(following.end.reason, EndReason::steps);
  EXPECT_EQ(scalar(following.end.values, "twice"), 2 * x_at(5));
  EXPECT_EQ(trainer->value("x").values, std::vector<double>{x_at(5)});
  EXPECT_EQ(trainer->step(), 5);
}

TEST(Trainer, SaysHowItStarts) {
  Following following;
  ModelOptions options;
  options.steps = 0;
  make_trainer(kThreeLayer, options)->run(following);
  EXPECT_EQ(following.start.name, "three_layer");
  EXPECT_EQ(following.start.seed, 1U);
  EXPECT_EQ(following.start.parameters, 16);
  EXPECT_EQ(following.start.optimizer, "gd");
}

TEST(Trainer, DrawsTheTutorialsInitialWeights) {
  const auto trainer = make_trainer(kThreeLayer);
  EXPECT_EQ(trainer->value("synapse_0").values.at(0), -0.165955990594852);
  EXPECT_EQ(trainer->value("synapse_1").values.at(3), 0.34093502035680445);
}

}  // namespace
}  // namespace talweg
