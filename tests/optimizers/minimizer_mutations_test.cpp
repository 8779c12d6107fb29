// Each minimizer goes where its paper says, and with one mistake in it does not. Directions are compared: how
// far a line search goes along them is its own affair.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "plugin/test_plugins.hpp"
#include "support/random.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

constexpr double kRight = 1e-9, kWrong = 1e-4;  // of the sine of an angle, or relative
constexpr int kSteps = 12;

using Numbers = std::vector<double>;
using Matrix = std::vector<Numbers>;

double dot(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
/// a + factor b
Numbers sum(const Numbers& a, double factor, const Numbers& b) {
  Numbers result = a;
  for (std::size_t i = 0; i < a.size(); ++i) result[i] += factor * b[i];
  return result;
}
Numbers times(const Matrix& matrix, const Numbers& x) {
  Numbers result;
  for (const Numbers& row : matrix) result.push_back(dot(row, x));
  return result;
}

/// Where a minimizer goes, and the gradients there: before the first step and after each.
struct Path {
  Matrix x, g;

  [[nodiscard]] Numbers step(std::size_t k) const { return sum(x[k + 1], -1, x[k]); }
  [[nodiscard]] Numbers change(std::size_t k) const { return sum(g[k + 1], -1, g[k]); }
  /// The sine of the angle between step k and a direction; 2 where they point to different sides.
  [[nodiscard]] double deviation(std::size_t k, const Numbers& direction) const {
    const Numbers s = step(k);
    const double along = dot(s, direction) / dot(direction, direction);
    const Numbers across = sum(s, -along, direction);
    return along > 0 ? std::sqrt(dot(across, across) / dot(s, s)) : 2;
  }
};

/// Of a narrow valley in three variables, along which the curvature changes.
Path path_of(const std::string& optimizer) {
  CheckedModel model = load_model_text(
      "talweg: 1\nseed: 5\nparameters: {x: [-1.2, 1.0, 0.5]}\n"
      "graph: {loss: '(1 - x[0]) ** 2 + 20 * (x[1] - x[0] ** 2) ** 2 + (x[2] - x[1]) ** 2'}\n"
      "train: {minimize: loss, log: {every: 1, x: x, g: grad(x)}, optimizer: " +
          optimizer + ", steps: " + std::to_string(kSteps) + "}\n",
      "model.yaml");
  auto rule = find_optimizer(model, PluginPath({installed_plugin_directory(), test_plugin_directory()}));
  Trainer trainer(std::move(model), std::move(rule), {});
  Path path;
  for (const LogRecord& line : train(trainer).lines) {
    path.x.push_back(named(line.values, "x").values);
    path.g.push_back(named(line.values, "g").values);
  }
  return path;
}

/// H <- (I - r s y') H (I - r y s') + r s s', as it stands (Nocedal and Wright 2006, eq. 6.17).
Matrix updated(const Matrix& h, const Numbers& s, const Numbers& y) {
  const double r = 1 / dot(s, y);
  const std::size_t n = s.size();
  Matrix left(n, Numbers(n, 0)), next = left;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) left[i][j] = (i == j ? 1 : 0) - r * s[i] * y[j];
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      next[i][j] = r * s[i] * s[j];
      for (std::size_t k = 0; k < n; ++k)
        for (std::size_t l = 0; l < n; ++l) next[i][j] += left[i][k] * h[k][l] * left[j][l];
    }
  return next;
}

Matrix scaled_identity(const Numbers& s, const Numbers& y) {
  Matrix h(s.size(), Numbers(s.size(), 0));
  for (std::size_t i = 0; i < s.size(); ++i) h[i][i] = dot(s, y) / dot(y, y);
  return h;
}

/// The largest deviation of a path from the directions -H g, H of the last `memory` pairs. The scale of the
/// first H is that of the oldest pair of all for bfgs, and of the latest for lbfgs.
double from_quasi_newton(const Path& path, std::size_t memory, bool scaled_by_latest) {
  double largest = path.deviation(0, sum(Numbers(3, 0), -1, path.g[0]));
  for (std::size_t k = 1; k + 1 < path.x.size(); ++k) {
    const std::size_t first = k > memory ? k - memory : 0, scale = scaled_by_latest ? k - 1 : 0;
    Matrix h = scaled_identity(path.step(scale), path.change(scale));
    for (std::size_t pair = first; pair < k; ++pair) h = updated(h, path.step(pair), path.change(pair));
    largest = std::max(largest, path.deviation(k, sum(Numbers(3, 0), -1, times(h, path.g[k]))));
  }
  return largest;
}

double of_bfgs(const std::string& name) {
  return from_quasi_newton(path_of("{" + name + ": {}}"), kSteps, false);
}

double of_lbfgs(const std::string& name) {
  return from_quasi_newton(path_of("{" + name + ": {memory: 3}}"), 3, true);
}

/// Polak and Ribiere's directions, with beta at least 0.
double of_cg(const std::string& name) {
  const Path path = path_of("{" + name + ": {c2: 0.6}}");  // loose, so that g.g' is not 0
  double largest = 0;
  Numbers p(3, 0);
  for (std::size_t k = 0; k + 1 < path.x.size(); ++k) {
    const double beta = k == 0 ? 0 : dot(path.g[k], path.change(k - 1)) / dot(path.g[k - 1], path.g[k - 1]);
    p = sum(sum(Numbers(3, 0), -1, path.g[k]), std::max(beta, 0.0), p);
    if (!(dot(p, path.g[k]) < 0)) p = sum(Numbers(3, 0), -1, path.g[k]);
    largest = std::max(largest, path.deviation(k, p));
  }
  return largest;
}

/// The second derivatives of the valley.
Matrix curvature(const Numbers& x) {
  return {
      {2 - 80 * (x[1] - x[0] * x[0]) + 160 * x[0] * x[0], -80 * x[0], 0}, {-80 * x[0], 42, -2}, {0, -2, 2}};
}

/// Conjugate gradients on H p = -g, ended as algorithm 7.1 has it.
Numbers newton_direction(const Matrix& h, const Numbers& g) {
  const double size = std::sqrt(dot(g, g));
  Numbers p(3, 0), r = g, d = sum(Numbers(3, 0), -1, g);
  for (int i = 0; std::sqrt(dot(r, r)) > std::min(0.5, size) * size; ++i) {
    const Numbers product = times(h, d);
    if (!(dot(d, product) > 0)) return i == 0 ? sum(Numbers(3, 0), -1, g) : p;
    const double squared = dot(r, r), a = squared / dot(d, product);
    p = sum(p, a, d);
    r = sum(r, a, product);
    d = sum(sum(Numbers(3, 0), -1, r), dot(r, r) / squared, d);
  }
  return p;
}

double of_newton_cg(const std::string& name) {
  const Path path = path_of(name);
  double largest = 0;
  for (std::size_t k = 0; k + 1 < path.x.size(); ++k) {
    if (dot(path.g[k], path.g[k]) < 1e-8) break;  // what is left is rounding
    largest = std::max(largest, path.deviation(k, newton_direction(curvature(path.x[k]), path.g[k])));
  }
  return largest;
}

double valley(const Numbers& x) {
  return std::pow(1 - x[0], 2) + 20 * std::pow(x[1] - x[0] * x[0], 2) + std::pow(x[2] - x[1], 2);
}

/// The walk that the draws of each step lead to; here the points are compared.
double of_annealing(const std::string& name) {
  constexpr std::uint32_t kSeed = 5, kDrawsOfMinimizer = 0xFFFFFFFF;
  constexpr double kAlpha = 0.2, kTemperature = 20, kCooling = 0.8;
  const Path path = path_of("{" + name + ": {alpha: 0.2, temperature: 20, cooling: 0.8}}");
  Numbers x = path.x[0];
  double largest = 0;
  for (std::size_t k = 0; k < path.x.size(); ++k) {
    for (std::size_t i = 0; i < 3; ++i) largest = std::max(largest, std::abs(x[i] - path.x[k][i]));
    std::uint64_t draws = 0;
    const auto uniform = [&] {
      const auto words = draw(kSeed, kDrawsOfMinimizer, k, draws++);
      return unit_interval(words[0], words[1]);
    };
    Numbers next = x;
    for (double& element : next) {
      const double radius = std::sqrt(-2 * std::log(1 - uniform()));
      element += kAlpha * radius * std::cos(2 * std::numbers::pi * uniform());
    }
    const double rise = valley(next) - valley(x), chance = uniform();
    const double heat = kTemperature * std::pow(kCooling, static_cast<double>(k));
    if (rise <= 0 || chance < std::exp(-rise / heat)) x = next;
  }
  return largest;
}

struct MutatedMinimizer {
  const char* name;
  double (*deviation)(const std::string& name);
  int mutants;
};

class EveryMinimizerRule : public testing::TestWithParam<MutatedMinimizer> {};

TEST_P(EveryMinimizerRule, GoesAsItsPaperHasItAndWithAMistakeDoesNot) {
  EXPECT_LE(GetParam().deviation(GetParam().name), kRight);
  for (int mutant = 1; mutant <= GetParam().mutants; ++mutant)
    EXPECT_GE(GetParam().deviation(GetParam().name + ("_mutant_" + std::to_string(mutant))), kWrong)
        << mutant;
}

const MutatedMinimizer kMinimizers[] = {{"bfgs", of_bfgs, 4},
                                        {"lbfgs", of_lbfgs, 4},
                                        {"cg", of_cg, 4},
                                        {"newton_cg", of_newton_cg, 4},
                                        {"annealing", of_annealing, 4}};

INSTANTIATE_TEST_SUITE_P(Optimizers, EveryMinimizerRule, testing::ValuesIn(kMinimizers),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(MinimizerMutations, CoverEveryShippedMinimizer) {
  for (const ListedPlugin& plugin : list_plugins(PluginPath({installed_plugin_directory()}))) {
    if (!plugin.description || plugin.description->kind != "minimizer") continue;
    const auto is_it = [&](const MutatedMinimizer& known) { return known.name == plugin.description->name; };
    EXPECT_TRUE(std::ranges::any_of(kMinimizers, is_it)) << plugin.description->name;
  }
}

}  // namespace
}  // namespace talweg
