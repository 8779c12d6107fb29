// Schedules: modules of graphs/modules that hyperparameters call.

#include <gtest/gtest.h>

#include <cmath>

#include "training/following.hpp"

namespace talweg {
namespace {

constexpr int kSteps = 20;
constexpr double kTolerance = 1e-12;

/// What the expression is worth in each of the steps.
std::vector<double> values_of(const std::string& schedule, int steps = kSteps) {
  const auto trainer = make_trainer(
      "talweg: 1\nparameters: {x: 1}\ntrain:\n  minimize: x * x\n  optimizer: {gd: {alpha: 1e-3}}\n  "
      "steps: " +
      std::to_string(steps) + "\n  log: {every: 1, a: \"" + schedule + "\"}\n");
  std::vector<double> values;
  for (const LogRecord& line : train(*trainer).lines) values.push_back(named(line.values, "a").values[0]);
  return values;
}

struct Schedule {
  const char* call;
  std::vector<double> values;
};

/// By torch.optim.lr_scheduler of PyTorch 1.13: StepLR, ExponentialLR, CosineAnnealingLR, OneCycleLR,
/// PolynomialLR, LinearLR.
const Schedule kOfPyTorch[] = {
    {"step(0.1, every=6, factor=0.5)",
     {0.1,  0.1,  0.1,   0.1,   0.1,   0.1,   0.05,  0.05,  0.05,   0.05,
      0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.025, 0.025, 0.0125, 0.0125}},
    {"exponential(0.1, factor=0.9)",
     {0.1,
      0.09,
      0.081,
      0.0729,
      0.06561,
      0.059049,
      0.0531441,
      0.04782969,
      0.043046721,
      0.0387420489,
      0.03486784401,
      0.031381059609,
      0.0282429536481,
      0.02541865828329,
      0.022876792454961,
      0.0205891132094649,
      0.0185302018885184,
      0.0166771816996666,
      0.0150094635296999,
      0.0135085171767299}},
    {"cosine(0.1, end=0.02)",
     {0.1,
      0.0995075336238055,
      0.0980422606518062,
      0.0956402609675347,
      0.0923606797749979,
      0.0882842712474619,
      0.0835114100916989,
      0.0781596199895819,
      0.0723606797749979,
      0.0662573786016092,
      0.06,
      0.0537426213983908,
      0.0476393202250021,
      0.0418403800104181,
      0.0364885899083011,
      0.0317157287525381,
      0.0276393202250021,
      0.0243597390324653,
      0.0219577393481939,
      0.0204924663761945}},
    {"one_cycle(0.1)",
     {0.004,
      0.0131671842700025,
      0.0371671842700025,
      0.0668328157299975,
      0.0908328157299975,
      0.1,
      0.0987464006235087,
      0.0950484632013474,
      0.089091617757105,
      0.0811745653949763,
      0.0716943001791301,
      0.0611262021936289,
      0.0500002,
      0.0388741978063711,
      0.0283060998208699,
      0.0188258346050237,
      0.010908782242895,
      0.0049519367986526,
      0.0012539993764913,
      4e-07}},
    {"polynomial(0.1, exponent=2)",
     {0.1,   0.09025, 0.081, 0.07225, 0.064, 0.05625, 0.049, 0.04225, 0.036, 0.03025,
      0.025, 0.02025, 0.016, 0.01225, 0.009, 0.00625, 0.004, 0.00225, 0.001, 0.00025}},
    {"linear(0.1, end=0.02)", {0.1,  0.096, 0.092, 0.088, 0.084, 0.08, 0.076, 0.072, 0.068, 0.064,
                               0.06, 0.056, 0.052, 0.048, 0.044, 0.04, 0.036, 0.032, 0.028, 0.024}},
};

TEST(Schedules, AreThoseOfPyTorch) {
  for (const Schedule& schedule : kOfPyTorch) {
    const std::vector<double> values = values_of(schedule.call);
    ASSERT_EQ(values.size(), schedule.values.size());
    for (std::size_t step = 0; step < values.size(); ++step)
      EXPECT_NEAR(values[step], schedule.values[step], kTolerance) << schedule.call << ", step " << step;
  }
}

TEST(Schedules, RiseOverTheWarmUpAndThenBegin) {
  for (const char* call : {"constant(0.4, warmup=4)", "linear(0.4, warmup=4)", "cosine(0.4, warmup=4)",
                           "polynomial(0.4, warmup=4)", "exponential(0.4, factor=0.9, warmup=4)",
                           "step(0.4, every=3, warmup=4)", "inverse_sqrt(0.4, warmup=4)"}) {
    const std::vector<double> values = values_of(call);
    for (int step = 0; step < 4; ++step) EXPECT_NEAR(values[step], 0.1 * (step + 1), kTolerance) << call;
    for (int step = 5; step < kSteps; ++step)
      EXPECT_LE(values[step], values[step - 1]) << call << " " << step;
    EXPECT_GT(values.back(), 0) << call;
  }
  EXPECT_NEAR(values_of("cosine(0.4, warmup=4)")[4], 0.4, kTolerance);
  EXPECT_NEAR(values_of("inverse_sqrt(0.4, warmup=4)")[15], 0.2, kTolerance);  // sqrt(4 / 16)
}

TEST(Schedules, StayOnTheirWayWhateverThePlannedSteps) {
  for (int steps : {1, 2, 3})
    for (const char* call : {"constant(0.4)", "linear(0.4)", "cosine(0.4)", "one_cycle(0.4)",
                             "polynomial(0.4)", "inverse_sqrt(0.4)", "linear(0.4, warmup=5)"})
      for (double value : values_of(call, steps)) {
        EXPECT_TRUE(std::isfinite(value)) << call;
        EXPECT_GE(value, 0) << call;
        EXPECT_LE(value, 0.4 + kTolerance) << call;
      }
}

TEST(Schedules, DriveAHyperparameter) {
  // x <- x - alpha 2 x with alpha halved in every second step.
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "parameters: {x: 1}\n"
      "train: {minimize: x * x, steps: 4, optimizer: {gd: {alpha: 'step(0.25, every=2, factor=0.5)'}}}\n");
  train(*trainer);
  EXPECT_DOUBLE_EQ(trainer->value("x").values[0], 0.5 * 0.5 * 0.75 * 0.75);
}

TEST(Schedules, CanBeModulesOfTheModel) {
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "modules: {mine: {in: peak, graph: {y: peak / (1 + step)}}}\n"
      "parameters: {x: 1}\n"
      "train: {minimize: x * x, steps: 2, optimizer: {gd: {alpha: mine(0.25)}}}\n");
  train(*trainer);
  EXPECT_DOUBLE_EQ(trainer->value("x").values[0], 0.5 * 0.75);
}

}  // namespace
}  // namespace talweg
