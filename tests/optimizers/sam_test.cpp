// sam, whose steps take a gradient at another point than x.

#include <gtest/gtest.h>

#include <cmath>

#include "plugin/test_plugins.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

constexpr double kTolerance = 1e-13;  // relative

/// sum(h x^2) / 2 over x = (a, b), of which the tests write the parameters in several ways.
const double kCurvature[] = {1, 4, 0.5};
std::string model(const std::string& parameters, const std::string& loss, const std::string& optimizer,
                  int steps) {
  return "talweg: 1\nparameters: " + parameters + "\ngraph: {loss: '" + loss +
         "'}\ntrain: {minimize: loss, steps: " + std::to_string(steps) + ", optimizer: " + optimizer + "}\n";
}
const std::string kTogether = "{x: [1, -2, 3]}", kOfTogether = "sum([1, 4, 0.5] * x * x) / 2";
const std::string kApart = "{a: [1, -2], b: 3}", kOfApart = "sum([1, 4] * a * a) / 2 + b * b / 4";

/// algorithm 1 on that function.
std::vector<double> expected(int steps, double alpha, double rho, double mu) {
  std::vector<double> x = {1, -2, 3}, v = {0, 0, 0};
  for (int step = 0; step < steps; ++step) {
    double squares = 0;
    for (std::size_t i = 0; i < 3; ++i) squares += std::pow(kCurvature[i] * x[i], 2);
    for (std::size_t i = 0; i < 3; ++i) {
      const double above = x[i] + rho * kCurvature[i] * x[i] / (std::sqrt(squares) + 1e-12);
      v[i] = mu * v[i] + kCurvature[i] * above;
    }
    for (std::size_t i = 0; i < 3; ++i) x[i] -= alpha * v[i];
  }
  return x;
}

std::vector<double> trained(const std::string& text, std::initializer_list<const char*> names) {
  const auto trainer = make_trainer(text);
  train(*trainer);
  std::vector<double> values;
  for (const char* name : names)
    for (double value : trainer->value(name).values) values.push_back(value);
  return values;
}

void expect_near(const std::vector<double>& values, const std::vector<double>& wanted) {
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], wanted[i], kTolerance * (1 + std::abs(wanted[i]))) << i;
}

TEST(Sam, StepsByTheGradientUpTheSlope) {
  expect_near(trained(model(kTogether, kOfTogether, "{sam: {alpha: 0.1, rho: 0.5}}", 10), {"x"}),
              expected(10, 0.1, 0.5, 0));
  expect_near(trained(model(kTogether, kOfTogether, "{sam: {alpha: 0.1, rho: 0.5, mu: 0.7}}", 10), {"x"}),
              expected(10, 0.1, 0.5, 0.7));
}

TEST(Sam, WithAMistakeDoesNot) {
  const std::vector<double> wanted = expected(10, 0.1, 0.5, 0.7);
  for (int mutant = 1; mutant <= 4; ++mutant) {
    const std::string name = "sam_mutant_" + std::to_string(mutant);
    CheckedModel loaded = load_model_text(
        model(kTogether, kOfTogether, "{" + name + ": {alpha: 0.1, rho: 0.5, mu: 0.7}}", 10), "model.yaml");
    auto rule = find_optimizer(loaded, test_plugin_path());
    Trainer trainer(std::move(loaded), std::move(rule), {});
    train(trainer);
    double distance = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      distance = std::max(distance, std::abs(trainer.value("x").values[i] - wanted[i]));
    EXPECT_GE(distance, 1e-6) << mutant;
  }
}

TEST(Sam, LooksAtAllParametersTogetherHoweverTheyAreWritten) {
  expect_near(trained(model(kApart, kOfApart, "{sam: {alpha: 0.1, rho: 0.5}}", 10), {"a", "b"}),
              expected(10, 0.1, 0.5, 0));
}

TEST(Sam, WithoutRadiusIsMomentum) {
  EXPECT_EQ(trained(model(kTogether, kOfTogether, "{sam: {alpha: 0.125, rho: 0}}", 10), {"x"}),
            trained(model(kTogether, kOfTogether, "{gd: {alpha: 0.125}}", 10), {"x"}));
}

TEST(Sam, RunsInFloat32AndByBothExecutors) {
  const std::string text = model(kApart, kOfApart, "{sam: {alpha: 0.1, rho: 0.5}}", 10);
  const auto program = make_trainer("dtype: float32\n" + text);
  const auto reference = make_trainer(text, {}, {.reference_executor = true});
  train(*program);
  train(*reference);
  const std::vector<double> wanted = expected(10, 0.1, 0.5, 0);
  EXPECT_NEAR(program->value("a").values[1], wanted[1], 1e-5);
  EXPECT_NEAR(reference->value("b").values[0], wanted[2], 1e-12);
}

TEST(Sam, MayTrainAGroup) {
  // The other parameter stays where it is while this one looks up its slope.
  const std::vector<double> values = trained(
      model(kApart, kOfApart,
            "{gd: {alpha: 0.1, groups: {g: {parameters: b, optimizer: {sam: {alpha: 0.1, rho: 0.5}}}}}}", 1),
      {"a", "b"});
  expect_near(values, {1 - 0.1 * 1, -2 + 0.1 * 8, 3 - 0.1 * 0.5 * 3.5});
}

TEST(Sam, ClipsBothGradients) {
  std::string text = model(kTogether, kOfTogether, "{sam: {alpha: 1, rho: 0.5}}", 1);
  text.insert(text.rfind('}'), ", clip: {value: 0.25}");
  // g is clipped to (1, -1, 1) / 4; the gradient there is larger still, and clipped too.
  EXPECT_EQ(trained(text, {"x"}), (std::vector<double>{0.75, -1.75, 2.75}));
}

}  // namespace
}  // namespace talweg
