// Schedules: modules of graphs/modules that hyperparameters call.

#include <gtest/gtest.h>

#include <cmath>
#include <talweg/error.hpp>

#include "training/checkpoint.hpp"
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
  const std::vector<double> cycle = values_of("one_cycle(0.4, warmup=4)");
  EXPECT_NEAR(cycle[0], 0.4 / 25, kTolerance);
  EXPECT_NEAR(cycle[2], (0.4 + 0.4 / 25) / 2, kTolerance);
  EXPECT_NEAR(cycle[4], 0.4, kTolerance);
  EXPECT_NEAR(cycle.back(), 0.4 / 25 / 10000, kTolerance);
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

/// w falls by alpha in each step; what is measured is `metric`, an expression of `step`.
std::string watching(const std::string& alpha,
                     const std::string& metric = "1 + cos(2.1 * step) / (1 + 0.3 * step)", int steps = 30) {
  return "talweg: 1\ndata: {x: [1, 1, 1, 1]}\nsplit: {train: 3, validation: 1}\n"
         "parameters: {w: 0}\ngraph: {loss: w * mean(x)}\nmetrics: {m: '" +
         metric +
         "'}\ntrain: {minimize: loss, batch: 3, validate: {every: 1}, steps: " + std::to_string(steps) +
         ", log: {every: 1, w: w}, optimizer: {gd: {alpha: '" + alpha + "'}}}\n";
}

/// alpha in each of the steps but the last.
std::vector<double> alphas_of(const Following& following) {
  std::vector<double> alphas;
  for (std::size_t i = 1; i < following.lines.size(); ++i)
    alphas.push_back(scalar(following.lines[i - 1].values, "w") - scalar(following.lines[i].values, "w"));
  return alphas;
}

struct Fall {
  std::size_t step;
  double alpha;  ///< from then on
};

struct Plateau {
  const char* call;
  std::vector<Fall> falls;
};

/// By torch.optim.lr_scheduler.ReduceLROnPlateau of PyTorch 1.13 with eps 0, on the same metric.
const Plateau kPlateaus[] = {
    {"plateau(0.1, m, factor=0.5, patience=2, threshold=0.01)",
     {{4, 0.05},
      {7, 0.025},
      {10, 0.0125},
      {13, 0.00625},
      {16, 0.003125},
      {19, 0.0015625},
      {22, 0.00078125},
      {25, 0.000390625},
      {28, 0.0001953125}}},
    {"plateau(0.1, m, factor=0.3, patience=1, cooldown=3, end=0.002)",
     {{3, 0.03}, {8, 0.009}, {13, 0.0027}, {18, 0.002}}},
    {"plateau(0.1, m, factor=0.5, patience=3, highest=True)",
     {{7, 0.05}, {11, 0.025}, {15, 0.0125}, {19, 0.00625}, {23, 0.003125}, {27, 0.0015625}}},
};

struct ScheduleRange {
  const char* optimizer;
  const char* said;  ///< "" where it is accepted
};

void PrintTo(const ScheduleRange& range, std::ostream* stream) { *stream << range.optimizer; }

class RangeOfSchedule : public testing::TestWithParam<ScheduleRange> {};

TEST_P(RangeOfSchedule, IsHeldToInEveryStep) {
  std::string said;
  try {
    static_cast<void>(
        make_trainer("talweg: 1\nparameters: {w: {shape: [], init: 1}}\ngraph: {loss: w ** 2}\n"
                     "train: {minimize: loss, steps: 101, optimizer: {" +
                     std::string(GetParam().optimizer) + "}}\n"));
  } catch (const Error& error) {
    said = error.message();
  }
  EXPECT_EQ(said, GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Schedules, RangeOfSchedule,
    testing::Values(
        ScheduleRange{"adam: {beta1: '0.9 + 0.5 * sin(pi * step / 100)'}",
                      "'beta1' of optimizer 'adam' is in [0, 1), and this in step 7 is 1.0090716206982713"},
        ScheduleRange{"gd: {alpha: '0.1 * cos(pi * step / 50)'}",
                      "'alpha' of optimizer 'gd' is > 0, and this in step 26 is -0.0062790519529313405"},
        ScheduleRange{"adam: {beta1: 1 + 0 * step}",
                      "'beta1' of optimizer 'adam' is in [0, 1), and this in step 0 is 1"},
        ScheduleRange{"adam: {alpha: 0 * step}",
                      "'alpha' of optimizer 'adam' is > 0, and this in every step is 0"},
        ScheduleRange{"gd: {alpha: 0.1 * step / steps}", ""},
        ScheduleRange{"gd: {alpha: 0.1 * (1 - step / 100)}", ""}));

TEST(PlateauSchedule, FallsWhenPyTorchsDoes) {
  for (const Plateau& plateau : kPlateaus) {
    const auto trainer = make_trainer(watching(plateau.call));
    const std::vector<double> alphas = alphas_of(train(*trainer));
    ASSERT_EQ(alphas.size(), 29U);
    double expected = 0.1;
    for (std::size_t step = 0; step < alphas.size(); ++step) {
      for (const Fall& fall : plateau.falls)
        if (fall.step == step) expected = fall.alpha;
      EXPECT_NEAR(alphas[step], expected, kTolerance) << plateau.call << ", step " << step;
    }
  }
}

TEST(PlateauSchedule, GoesOnFromACheckpointToTheBit) {
  const std::string text = watching(kPlateaus[1].call);
  const auto whole = make_trainer(text);
  train(*whole);
  for (std::int64_t cut = 1; cut < 30; ++cut) {
    struct Stopper : TrainingObserver {
      void logged(const LogRecord& record) override {
        if (record.step == cut) checkpoint = encode_checkpoint(trainer->checkpoint());
      }
      Trainer* trainer = nullptr;
      std::int64_t cut = 0;
      std::string checkpoint;
    } stopper;
    const auto first = make_trainer(text);
    stopper.trainer = first.get();
    stopper.cut = cut;
    first->run(stopper);
    const auto second = make_trainer(text);
    second->restore(decode_checkpoint(stopper.checkpoint, "checkpoint"));
    train(*second);
    EXPECT_EQ(second->value("w").values, whole->value("w").values) << cut;
  }
}

TEST(PlateauSchedule, WatchesTheLossToo) {
  // w falls, and the loss with it: there is no plateau.
  const auto trainer = make_trainer(watching("plateau(0.1, loss, factor=0.5, patience=1)"));
  for (double alpha : alphas_of(train(*trainer))) EXPECT_NEAR(alpha, 0.1, kTolerance);
}

TEST(PlateauSchedule, RisesOverTheWarmUpAndOverlooksWhatIsNotANumber) {
  const auto trainer = make_trainer(
      watching("plateau(0.4, m, factor=0.5, patience=1, warmup=4)", "log(where(step < 3, -1.0, 1.0))", 9));
  const std::vector<double> alphas = alphas_of(train(*trainer));
  // Not a number in steps 1 and 2, which is no better; 0 from step 3 on, first better, then not.
  const std::vector<double> expected = {0.1, 0.2, 0.3, 0.4, 0.2, 0.1, 0.1, 0.05};
  ASSERT_EQ(alphas.size(), expected.size());
  for (std::size_t step = 0; step < expected.size(); ++step)
    EXPECT_NEAR(alphas[step], expected[step], kTolerance) << step;
}

TEST(PlateauSchedule, MayBeOfAGroup) {
  std::string text = watching("1e-3");
  text.replace(
      text.find("{gd: "), text.rfind("}}") - text.find("{gd: "),
      "{gd: {alpha: 1e-3, groups: {g: {parameters: w, alpha: 'plateau(0.1, m, factor=0.5, patience=3, "
      "highest=True)'}}}");
  const auto trainer = make_trainer(text);
  EXPECT_NEAR(alphas_of(train(*trainer)).back(), 0.0015625, kTolerance);
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

TEST(Schedules, AreOfOneNumberAndNotLayers) {
  for (const char* call :
       {"constant(x)", "cosine(x)", "exponential(x, 0.5)", "inverse_sqrt(x)", "linear(x, 32)", "one_cycle(x)",
        "plateau(x, loss)", "polynomial(x)", "step(x, every=2)"})
    try {
      (void)load_model_text(
          "talweg: 1\ndata: {x: [1, 2, 3]}\ngraph: {loss: sum(x), y: '" + std::string(call) + "'}\n",
          "model.yaml", {});
      ADD_FAILURE() << call << " is accepted";
    } catch (const Error& error) {
      EXPECT_NE(error.message().find("requires peak.ndim == 0"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace talweg
