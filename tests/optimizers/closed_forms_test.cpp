// The shipped optimizers against traces known in closed form, on a quadratic with curvatures from 1/8 to 2.

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "training/following.hpp"

namespace talweg {
namespace {

constexpr double kTolerance =
    1e-13;  // relative; some rounding in each of 200 steps that shrink what came before
constexpr int kSteps = 200;
constexpr double kCurvatures[] = {0.125, 0.5, 1, 2};

/// loss = sum(h x^2) / 2 from x = 1, so that the gradient is h x.
std::string quadratic(const std::string& optimizer, const std::string& dtype = "float64") {
  return "talweg: 1\ndtype: " + dtype + R"(
data: {h: [0.125, 0.5, 1, 2]}
parameters: {x: [1.0, 1.0, 1.0, 1.0]}
graph: {loss: sum(h * x * x) / 2}
train: {minimize: loss, steps: )" +
         std::to_string(kSteps) + ", log: {every: 1, x: x}, optimizer: " + optimizer + "}\n";
}

template <class Expected>
void expect_trace(const std::string& text, Expected expected) {
  const auto trainer = make_trainer(text);
  const Following following = train(*trainer);
  ASSERT_EQ(following.lines.size(), static_cast<std::size_t>(kSteps));
  for (const LogRecord& line : following.lines)
    for (std::size_t i = 0; i < std::size(kCurvatures); ++i) {
      const auto [value, scale] = expected(kCurvatures[i], static_cast<double>(line.step));
      EXPECT_NEAR(named(line.values, "x").values[i], value, kTolerance * scale)
          << "curvature " << kCurvatures[i] << ", step " << line.step;
    }
}

TEST(GradientDescent, FollowsItsClosedForm) {
  // x_k = (1 - alpha h)^k
  expect_trace(quadratic("{gd: {alpha: 0.3}}"), [](double h, double k) {
    const double value = std::pow(1 - 0.3 * h, k);
    return std::pair(value, std::abs(value));
  });
}

TEST(GradientDescent, DecaysAsIfWeightDecayWereCurvature) {
  expect_trace(quadratic("{gd: {alpha: 0.3, weight_decay: 0.25}}"), [](double h, double k) {
    const double value = std::pow(1 - 0.3 * (h + 0.25), k);
    return std::pair(value, std::abs(value));
  });
}

TEST(Momentum, FollowsItsClosedForm) {
  // x_{k+1} = (1 + mu - alpha h) x_k - mu x_{k-1} with x_{-1} = x_0 = 1, so x_k = A p^k + B q^k where p and q
  // are the roots of z^2 - (1 + mu - alpha h) z + mu.
  const double alpha = 0.1, mu = 0.8;
  expect_trace(quadratic("{momentum: {alpha: 0.1, mu: 0.8}}"), [=](double h, double k) {
    const std::complex<double> half = (1 + mu - alpha * h) / 2, root = std::sqrt(half * half - mu);
    const std::complex<double> p = half + root, q = half - root;
    const std::complex<double> first = 1 - alpha * h, a = (first - q) / (p - q), b = 1.0 - a;
    const double size = (std::abs(a) + std::abs(b)) * std::pow(std::max(std::abs(p), std::abs(q)), k);
    return std::pair((a * std::pow(p, k) + b * std::pow(q, k)).real(), size);
  });
}

/// The optimizer as a rule of the model file, with the settings of the text.
std::vector<double> end_of_rule(const std::string& settings, const std::string& lines) {
  const auto trainer = make_trainer(
      quadratic("{rule: " + settings + "}") +
      "optimizers: {rule: {with: {alpha: 1, mu: 1}, state: {v: zeros}, update: " + lines + "}}\n");
  train(*trainer);
  return trainer->value("x").values;
}

TEST(WeightDecay, OfZeroChangesNoBit) {
  struct Case {
    const char *optimizer, *settings, *lines;
  };
  const Case cases[] = {{"gd", "{alpha: 0.3}", "{param: param - alpha * grad}"},
                        {"momentum", "{alpha: 0.1, mu: 0.8}",
                         "{v: mu * v - alpha * grad, param: param + (mu * v - alpha * grad)}"},
                        {"nesterov", "{alpha: 0.1, mu: 0.8}",
                         "{v: mu * v + grad, param: param - alpha * (grad + mu * (mu * v + grad))}"}};
  for (const Case& one : cases) {
    const auto trainer =
        make_trainer(quadratic(std::string("{") + one.optimizer + ": " + one.settings + "}"));
    train(*trainer);
    EXPECT_EQ(trainer->value("x").values, end_of_rule(one.settings, one.lines)) << one.optimizer;
  }
}

/// x after some steps on x.x / 2 from (3, 4), where the gradient is x and of length 5; a loose search takes
/// the step that it tries first.
std::vector<double> after(int steps, const std::string& optimizer) {
  const auto trainer =
      make_trainer("talweg: 1\nparameters: {x: [3.0, 4.0]}\ntrain: {minimize: sum(x * x) / 2, optimizer: {" +
                   optimizer + "}, steps: " + std::to_string(steps) + "}\n");
  train(*trainer);
  return trainer->value("x").values;
}

TEST(LineSearches, TryAStepOfLengthAlphaFirst) {
  for (const std::string name : {"bfgs", "lbfgs", "cg"}) {
    const std::vector<double> x = after(1, name + ": {alpha: 0.8, c2: 0.9}");
    EXPECT_NEAR(x[0], 3 - 0.8 * 3.0 / 5, 1e-15) << name;
    EXPECT_NEAR(x[1], 4 - 0.8 * 4.0 / 5, 1e-15) << name;
  }
}

TEST(LineSearches, OfConjugateGradientsGoOnWhereTheSlopeOfTheLastOneWouldLead) {
  // The first makes x 0.8 of itself: a step of 1/5 along a slope of -25. Beta is 0 here, and the slope of the
  // second is -0.64 of 25, so that it begins with 1/5 / 0.64.
  const std::vector<double> x = after(2, "cg: {c2: 0.9}");
  EXPECT_NEAR(x[0], 3 * 0.8 * (1 - 0.2 / 0.64), 1e-15);
  EXPECT_NEAR(x[1], 4 * 0.8 * (1 - 0.2 / 0.64), 1e-15);
}

TEST(Momentum, WithoutMemoryIsGradientDescent) {
  const auto momentum = make_trainer(quadratic("{momentum: {alpha: 0.3, mu: 0}}"));
  const auto gd = make_trainer(quadratic("{gd: {alpha: 0.3}}"));
  train(*momentum);
  train(*gd);
  for (std::size_t i = 0; i < std::size(kCurvatures); ++i)
    EXPECT_NEAR(momentum->value("x").values[i], gd->value("x").values[i],
                kTolerance * std::abs(gd->value("x").values[i]));
}

}  // namespace
}  // namespace talweg
