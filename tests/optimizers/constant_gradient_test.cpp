// The shipped rules where the gradient is the same in every step: there each has a closed form, or a short
// sum.

#include <gtest/gtest.h>

#include <cmath>

#include "training/following.hpp"

namespace talweg {
namespace {

constexpr double kTolerance = 1e-12;  // relative to the way made
constexpr int kSteps = 60;
constexpr double kStart = 2;

/// What x is after k steps from kStart, of gradient c.
struct ClosedForm {
  const char* optimizer;
  double (*x)(double c, int k);
};

/// The sum of term(1), ..., term(k).
template <class Term>
double sum(int k, Term term) {
  double total = 0;
  for (int t = 1; t <= k; ++t) total += term(t);
  return total;
}

const ClosedForm kClosedForms[] = {
    {"gd: {alpha: 0.1}", [](double c, int k) { return kStart - 0.1 * k * c; }},
    // Coupled decay draws to where it is as large as the gradient, -c / decay.
    {"gd: {alpha: 0.1, weight_decay: 0.2}",
     [](double c, int k) { return -c / 0.2 + (kStart + c / 0.2) * std::pow(1 - 0.1 * 0.2, k); }},
    // v_t = -alpha c (1 - mu^t) / (1 - mu), a geometric sum
    {"momentum: {alpha: 0.1, mu: 0.8}",
     [](double c, int k) { return kStart - 0.1 * c / 0.2 * (k - 0.8 * (1 - std::pow(0.8, k)) / 0.2); }},
    {"momentum: {alpha: 0.1, mu: 0.8, dampened: True}",
     [](double c, int k) { return kStart - 0.1 * c * (k - 0.8 * (1 - std::pow(0.8, k)) / 0.2); }},
    // g + mu v_t is v_{t + 1}
    {"nesterov: {alpha: 0.1, mu: 0.8}",
     [](double c, int k) {
       return kStart - 0.1 * c * sum(k, [](int t) { return (1 - std::pow(0.8, t + 1)) / 0.2; });
     }},
    {"adagrad: {alpha: 0.1, epsilon: 0.5, initial: 0.25}",
     [](double c, int k) {
       return kStart - sum(k, [=](int t) { return 0.1 * c / (std::sqrt(0.25 + t * c * c) + 0.5); });
     }},
    {"rmsprop: {alpha: 0.1, rho: 0.9, epsilon: 0.5}",
     [](double c, int k) {
       return kStart -
              sum(k, [=](int t) { return 0.1 * c / (std::sqrt(1 - std::pow(0.9, t)) * std::abs(c) + 0.5); });
     }},
    // Centered, the variance of a constant is (1 - rho^t) rho^t c^2.
    {"rmsprop: {alpha: 0.1, rho: 0.9, epsilon: 0.5, centered: True}",
     [](double c, int k) {
       return kStart - sum(k, [=](int t) {
                const double decay = std::pow(0.9, t);
                return 0.1 * c / (std::sqrt((1 - decay) * decay) * std::abs(c) + 0.5);
              });
     }},
    // With both corrections m is c and v is c^2, from the first step on; a large epsilon shows that it is
    // outside.
    {"adam: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5}",
     [](double c, int k) { return kStart - 0.1 * k * c / (std::abs(c) + 0.5); }},
    {"amsgrad: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5}",
     [](double c, int k) { return kStart - 0.1 * k * c / (std::abs(c) + 0.5); }},
    {"adamax: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5}",
     [](double c, int k) { return kStart - 0.1 * k * c / (std::abs(c) + 0.5); }},
    // Decoupled, the decay does not pass through the averages: x <- (1 - alpha decay) x - alpha c / (|c| +
    // epsilon).
    {"adamw: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5, weight_decay: 0.2}",
     [](double c, int k) {
       const double left = std::pow(1 - 0.1 * 0.2, k);
       return left * kStart - 0.1 * c / (std::abs(c) + 0.5) * (1 - left) / (0.1 * 0.2);
     }},
    {"nadam: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5, momentum_decay: 0.1}",
     [](double c, int k) {
       const auto momentum = [](int t) { return 0.8 * (1 - 0.5 * std::pow(0.96, 0.1 * t)); };
       double product = 1;
       return kStart - sum(k, [&](int t) {
                product *= momentum(t);
                const double m = (1 - std::pow(0.8, t)) * c;
                const double both = (1 - momentum(t)) * c / (1 - product) +
                                    momentum(t + 1) * m / (1 - product * momentum(t + 1));
                return 0.1 * both / (std::abs(c) + 0.5);
              });
     }},
    // Without rectification in the first steps, where the length is at most 5.
    {"radam: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5}",
     [](double c, int k) {
       return kStart - sum(k, [=](int t) {
                const double decay = std::pow(0.9, t), limit = 19, rho = limit - 2 * t * decay / (1 - decay);
                if (rho <= 5) return 0.1 * c;
                const double r = std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
                const double root = std::sqrt(1 - decay);
                return 0.1 * c * r * root / (root * std::abs(c) + 0.5);
              });
     }},
    // g - m is beta1^t c.
    {"adabelief: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.01}",
     [](double c, int k) {
       return kStart - sum(k, [=](int t) {
                const double s = sum(t, [=](int j) {
                  return std::pow(0.9, t - j) * (0.1 * std::pow(0.8, 2 * j) * c * c + 0.01);
                });
                return 0.1 * c / (std::sqrt(s / (1 - std::pow(0.9, t))) + 0.01);
              });
     }},
    // v grows by the same step until it is c^2, which it does not reach here.
    {"yogi: {alpha: 0.1, beta1: 0.8, beta2: 0.99, epsilon: 0.5}",
     [](double c, int k) {
       return kStart - sum(k, [=](int t) {
                return 0.1 * (1 - std::pow(0.8, t)) * c / (std::sqrt(t * (1 - 0.99)) * std::abs(c) + 0.5);
              });
     }},
    {"lion: {alpha: 0.1, beta1: 0.8, beta2: 0.9, weight_decay: 0.2}",
     [](double c, int k) {
       const double left = std::pow(1 - 0.1 * 0.2, k), sign = c > 0 ? 1 : -1;
       return left * kStart - 0.1 * sign * (1 - left) / (0.1 * 0.2);
     }},
    {"rprop: {alpha: 0.01, eta_plus: 1.5, alpha_max: 3}",
     [](double c, int k) {
       return kStart -
              (c > 0 ? 1 : -1) * sum(k, [](int t) { return std::min(0.01 * std::pow(1.5, t - 1), 3.0); });
     }},
    {"adadelta: {alpha: 0.5, rho: 0.9, epsilon: 0.01}",
     [](double c, int k) {
       double steps = 0;
       return kStart - sum(k, [&](int t) {
                const double squares = (1 - std::pow(0.9, t)) * c * c;
                const double d = std::sqrt(steps + 0.01) / std::sqrt(squares + 0.01) * c;
                steps = 0.9 * steps + 0.1 * d * d;
                return 0.5 * d;
              });
     }},
    // What counts is the average of z_1, ..., z_k, of equal weights while alpha stays the same.
    {"schedule_free: {alpha: 0.1, beta1: 0.8, scaled: False}",
     [](double c, int k) { return kStart - (k > 0 ? 0.1 * c * (k + 1) / 2 : 0); }},
    {"schedule_free: {alpha: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 0.5}",
     [](double c, int k) { return kStart - (k > 0 ? 0.1 * c / (std::abs(c) + 0.5) * (k + 1) / 2 : 0); }},
    // As alpha grows, z_t has the weight alpha_t^2; it is 0 at first.
    {"schedule_free: {alpha: 0.1 * step, scaled: False}",
     [](double c, int k) {
       const auto z = [=](int t) { return 0.1 * c * t * (t - 1) / 2; };
       if (k < 2) return kStart;
       return kStart - sum(k, [=](int t) { return (t - 1) * (t - 1) * z(t); }) /
                           sum(k, [](int t) { return double(t - 1) * (t - 1); });
     }},
    // Muon moves a vector by AdamW.
    {"muon: {adamw_alpha: 0.1}", [](double c, int k) { return kStart - 0.1 * k * c / (std::abs(c) + 1e-8); }},
    // A single element goes down by the share alpha of itself: u / rms(u), or u / |u|, is its sign.
    {"adafactor: {alpha: 0.02}",
     [](double c, int k) { return kStart * std::pow(1 - (c > 0 ? 0.02 : -0.02), k); }},
    {"lamb: {alpha: 0.02, weight_decay: 0}",
     [](double c, int k) { return kStart * std::pow(1 - (c > 0 ? 0.02 : -0.02), k); }},
};

class ConstantGradient : public testing::TestWithParam<ClosedForm> {};

TEST_P(ConstantGradient, GivesTheClosedForm) {
  for (double c : {0.75, -2.5}) {
    const auto trainer =
        make_trainer("talweg: 1\nparameters: {x: [2]}\ngraph: {loss: sum(x) * " + std::to_string(c) +
                     "}\ntrain: {minimize: loss, steps: " + std::to_string(kSteps) +
                     ", log: {every: 1, x: x}, optimizer: {" + GetParam().optimizer + "}}\n");
    for (const LogRecord& line : train(*trainer).lines) {
      const int k = static_cast<int>(line.step);
      const double expected = GetParam().x(c, k);
      EXPECT_NEAR(named(line.values, "x").values[0], expected,
                  kTolerance * (std::abs(kStart) + std::abs(expected - kStart)))
          << GetParam().optimizer << ", gradient " << c << ", step " << k;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Optimizers, ConstantGradient, testing::ValuesIn(kClosedForms));

}  // namespace
}  // namespace talweg
