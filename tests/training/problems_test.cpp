// graphs/problems: what each file says of its function is so. Lists of test functions have several optima
// wrong.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "plugin/plugin_path.hpp"
#include "support/random.hpp"
#include "tools/program.hpp"
#include "training/trainer.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

/// The values at the start, from the formulas of the sources, computed apart from Talweg. Networks start at
/// random.
const std::map<std::string, double> kAtStart = {
    {"ackley", 8.772020879614113},
    {"beale", 14.203125},
    {"booth", 884},
    {"goldstein_price", 193.75},
    {"himmelblau", 170},
    {"ill_conditioned", 7804.675117031013},
    {"levy", 3.021113852924362},
    {"logistic_regression", 0.6931471805599453},
    {"noisy_quadratic", 183.91286754842417},
    {"rastrigin", 34.36033988749893},
    {"rosenbrock_2", 24.199999999999996},
    {"rosenbrock_100", 99},
    {"sphere", 110},
    {"styblinski_tang", 0},
};
constexpr double kTolerance = 1e-12;

std::vector<std::string> problems() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(repository() / "graphs" / "problems"))
    names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

class Problem : public testing::TestWithParam<std::string> {
 protected:
  Problem() {
    const fs::path path = repository() / "graphs" / "problems" / (GetParam() + ".yaml");
    CheckedModel model = load_model(path);
    const auto optimizer = find_optimizer(model, PluginPath::standard());
    trainer_ = std::make_unique<Trainer>(std::move(model), optimizer, TrainerOptions{});
  }

  [[nodiscard]] const CheckedModel& model() const { return trainer_->model(); }
  [[nodiscard]] const ProblemSetting& problem() const { return *model().problem; }
  [[nodiscard]] bool is_noisy() const { return problem().measure != model().train->minimize; }

  double measured() {
    const auto found =
        std::ranges::find(model().named, problem().measure, &std::pair<std::string, NodeId>::second);
    return trainer_->value(found->first).values.at(0);
  }
  void go_to_optimum() {
    for (const auto& [name, values] : problem().optimum) trainer_->set_value(name, values);
  }

  std::unique_ptr<Trainer> trainer_;
};

TEST_P(Problem, SaysWhereItIsFromAndHowLongItMayTake) {
  EXPECT_GT(problem().source.size(), 20U);
  EXPECT_GE(model().train->steps, 1000);
  EXPECT_TRUE(problem().seeds == 1 || problem().seeds == 10);
  EXPECT_EQ(problem().optimum.empty(), !kAtStart.contains(GetParam()));
}

TEST_P(Problem, HasTheValueOfItsFormulaAtTheStart) {
  if (problem().optimum.empty()) {
    EXPECT_GT(problem().seeds, 1) << "where a problem has no optimum, its start is drawn";
    return;
  }
  const double expected = kAtStart.at(GetParam());
  EXPECT_NEAR(measured(), expected, kTolerance * std::max(1.0, expected));
  EXPECT_GT(expected, problem().target);
}

TEST_P(Problem, HasItsValueAndNoSlopeAtTheOptimum) {
  if (problem().optimum.empty()) return;
  go_to_optimum();
  EXPECT_NEAR(measured(), problem().value, 1e-14 + kTolerance * std::abs(problem().value));
  EXPECT_LE(measured(), problem().target);
  // Ackley's has a tip there; through noise there is a slope everywhere.
  if (GetParam() == "ackley" || is_noisy()) return;
  for (const TensorDeclaration& parameter : model().parameters)
    for (double slope : trainer_->gradient(parameter.name).values)
      EXPECT_NEAR(slope, 0, 1e-10) << parameter.name;
}

TEST_P(Problem, IsNowhereLowerThanAtTheOptimum) {
  if (problem().optimum.empty()) return;
  LegacyGenerator random(1);
  constexpr int kPoints = 3000;
  for (int i = 0; i < kPoints; ++i) {
    for (const auto& [name, optimum] : problem().optimum) {
      std::vector<double> x = optimum;
      // Everywhere in the box, or ever nearer to the optimum.
      const double reach = std::pow(10.0, -(i % 4));
      for (std::size_t k = 0; k < x.size(); ++k)
        x[k] = problem().box.empty() || i % 2 == 0
                   ? x[k] + random.uniform(-reach, reach)
                   : random.uniform(problem().box[2 * k], problem().box[2 * k + 1]);
      trainer_->set_value(name, x);
    }
    ASSERT_GE(measured(), problem().value - 1e-14);
  }
}

INSTANTIATE_TEST_SUITE_P(Training, Problem, testing::ValuesIn(problems()),
                         [](const auto& tested) { return tested.param; });

TEST(Problems, AreThoseThatOptimizersAreComparedOn) { EXPECT_GE(problems().size(), 16U); }

}  // namespace
}  // namespace talweg
