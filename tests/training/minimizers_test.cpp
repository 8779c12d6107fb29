// Minimizers, driven by the trainer: what they are shown, what they keep, and how they end.

#include <gtest/gtest.h>

#include <algorithm>
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
  EXPECT_EQ(end.message, "the line search finds no lower point; the gradient's norm is 1.41");
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

/// sum(a x^2) / 2 in four dimensions, and what its optimizer leaves of x.
const std::vector<double> kCurvatures = {1, 10, 100, 3};
std::string quadratic(const std::string& optimizer, int steps) {
  return "talweg: 1\n"
         "data: {a: [1, 10, 100, 3]}\n"
         "parameters: {x: [3, -1, 0.5, 2]}\n"
         "graph: {loss: sum(a * x * x) / 2}\n"
         "train: {minimize: loss, log: {every: 1, x: x}, optimizer: " +
         optimizer + ", steps: " + std::to_string(steps) + "}\n";
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (double value : values) result = std::max(result, std::abs(value));
  return result;
}

TEST(Bfgs, WithExactLineSearchEndsOnAQuadraticInOneStepMoreThanItHasDimensions) {
  const std::string exact = "{bfgs: {c1: 1e-10, c2: 1e-9, evaluations: 100}}";
  const auto before = make_trainer(quadratic(exact, 3)), after = make_trainer(quadratic(exact, 5));
  train(*before);
  train(*after);
  EXPECT_GT(largest(before->value("x").values), 1e-3);
  EXPECT_LT(largest(after->value("x").values), 1e-7);
}

TEST(Bfgs, LearnsTheInverseOfTheSecondDerivatives) {
  const auto trainer = make_trainer(quadratic("{bfgs: {c1: 1e-10, c2: 1e-9, evaluations: 100}}", 4));
  train(*trainer);
  const Checkpoint checkpoint = trainer->checkpoint();
  const std::vector<double>& h = kept(checkpoint, "inverse_hessian").values;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      EXPECT_NEAR(h[4 * i + j], i == j ? 1 / kCurvatures[i] : 0, 1e-5) << i << " " << j;
}

TEST(ConjugateGradients, WithExactLineSearchEndOnAQuadraticInAsManyStepsAsItHasDimensions) {
  const std::string exact = "{cg: {c1: 1e-10, c2: 1e-9, evaluations: 100}}";
  const auto before = make_trainer(quadratic(exact, 3)), after = make_trainer(quadratic(exact, 4));
  train(*before);
  train(*after);
  EXPECT_GT(largest(before->value("x").values), 1e-3);
  EXPECT_LT(largest(after->value("x").values), 1e-7);
}

TEST(NewtonCg, ConvergesQuadraticallyOnAStronglyConvexFunction) {
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "parameters: {x: [2, -1.5, 0.5]}\n"
      "graph: {loss: 'sum(exp(x)) + sum(x * x) + (x[0] - x[1]) ** 2'}\n"
      "train: {minimize: loss, log: {every: 1, x: x, g: grad(x)}, optimizer: newton_cg, steps: 12}\n");
  std::vector<double> sizes;
  for (const LogRecord& line : train(*trainer).lines) {
    const std::vector<double>& g = named(line.values, "g").values;
    sizes.push_back(std::sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]));
  }
  int quadratic_steps = 0;
  for (std::size_t k = 1; k < sizes.size(); ++k) {
    if (sizes[k - 1] > 0.3 || sizes[k - 1] < 1e-7) continue;
    ++quadratic_steps;
    EXPECT_LE(sizes[k], sizes[k - 1] * sizes[k - 1] + 1e-14) << "step " << k;
  }
  EXPECT_GE(quadratic_steps, 2);
}

/// The BFGS matrix of pairs (s, y), the oldest first, from H = (s.y / y.y) I of the latest: eq. 6.17 as it
/// stands.
using Matrix = std::vector<std::vector<double>>;
Matrix bfgs_matrix(const std::vector<std::vector<double>>& s, const std::vector<std::vector<double>>& y) {
  const std::size_t n = s[0].size();
  const auto dot = [n](const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
  };
  Matrix h(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) h[i][i] = dot(s.back(), y.back()) / dot(y.back(), y.back());
  for (std::size_t pair = 0; pair < s.size(); ++pair) {
    const double r = 1 / dot(s[pair], y[pair]);
    Matrix left(n, std::vector<double>(n, 0)), product = left, next = left;  // I - r s y'
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) left[i][j] = (i == j ? 1 : 0) - r * s[pair][i] * y[pair][j];
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t l = 0; l < n; ++l) product[i][j] += left[i][l] * h[l][j];
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        next[i][j] = r * s[pair][i] * s[pair][j];
        for (std::size_t l = 0; l < n; ++l) next[i][j] += product[i][l] * left[j][l];
      }
    h = next;
  }
  return h;
}

TEST(Lbfgs, GoesWhereTheDenseMatrixOfItsPairsPoints) {
  const auto trainer = make_trainer(quadratic("{lbfgs: {memory: 3}}", 8));
  const Following following = train(*trainer);
  std::vector<std::vector<double>> x, g, s, y;
  for (const LogRecord& line : following.lines) x.push_back(named(line.values, "x").values);
  x.push_back(trainer->value("x").values);
  for (const std::vector<double>& point : x) {
    g.emplace_back();
    for (std::size_t i = 0; i < point.size(); ++i) g.back().push_back(kCurvatures[i] * point[i]);
  }
  for (std::size_t k = 0; k + 1 < x.size(); ++k) {
    s.emplace_back();
    y.emplace_back();
    for (std::size_t i = 0; i < 4; ++i) {
      s.back().push_back(x[k + 1][i] - x[k][i]);
      y.back().push_back(g[k + 1][i] - g[k][i]);
    }
  }
  for (std::size_t k = 1; k < s.size(); ++k) {
    const std::ptrdiff_t first = std::max<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(k) - 3),
                         end = static_cast<std::ptrdiff_t>(k);
    const Matrix h = bfgs_matrix({s.begin() + first, s.begin() + end}, {y.begin() + first, y.begin() + end});
    double along = 0, of_step = 0, of_direction = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      double p = 0;
      for (std::size_t j = 0; j < 4; ++j) p -= h[i][j] * g[k][j];
      along += p * s[k][i];
      of_step += s[k][i] * s[k][i];
      of_direction += p * p;
    }
    EXPECT_NEAR(along / std::sqrt(of_step * of_direction), 1, 1e-10) << "step " << k;
  }
}

/// x of every step of annealing on x^2 / 2.
std::vector<double> walk(const std::string& setting, int steps) {
  const auto trainer = make_trainer(
      "talweg: 1\n"
      "seed: 5\n"
      "parameters: {x: [0.5]}\n"
      "train: {minimize: sum(x * x) / 2, log: {every: 1, x: x}, optimizer: {annealing: " +
      setting + "}, steps: " + std::to_string(steps) + "}\n");
  std::vector<double> walked;
  for (const LogRecord& line : train(*trainer).lines) walked.push_back(named(line.values, "x").values[0]);
  return walked;
}

TEST(Annealing, NeverGoesUpWhenItIsCold) {
  const std::vector<double> x = walk("{alpha: 0.3, temperature: 0}", 300);
  for (std::size_t k = 1; k < x.size(); ++k) EXPECT_LE(std::abs(x[k]), std::abs(x[k - 1]));
  EXPECT_LT(std::abs(x.back()), 0.05);
}

TEST(Annealing, TakesEveryMoveWhenItIsHot) {
  const std::vector<double> x = walk("{alpha: 0.3, temperature: 1e300, cooling: 1}", 300);
  for (std::size_t k = 1; k < x.size(); ++k) EXPECT_NE(x[k], x[k - 1]);
}

TEST(Annealing, HasBoltzmannsDistributionAtAConstantTemperature) {
  // Of x^2 / 2 that is normal, with the temperature as its variance.
  const std::vector<double> x = walk("{alpha: 3, temperature: 2, cooling: 1}", 40000);
  double mean = 0, square = 0;
  for (double value : x) {
    mean += value / static_cast<double>(x.size());
    square += value * value / static_cast<double>(x.size());
  }
  EXPECT_NEAR(mean, 0, 0.08);
  EXPECT_NEAR(square, 2, 0.15);
}

class EveryMinimizer : public testing::TestWithParam<const char*> {};

TEST_P(EveryMinimizer, GoesOnFromACheckpointToTheBit) {
  for (const char* dtype : {"float64", "float32"}) {
    const auto whole = make_trainer(rosenbrock(GetParam(), 20, dtype));
    train(*whole);
    const auto first = make_trainer(rosenbrock(GetParam(), 9, dtype));
    const std::int64_t before = *train(*first).end.evaluations;
    const auto second = make_trainer(rosenbrock(GetParam(), 20, dtype));
    second->restore(decode_checkpoint(encode_checkpoint(first->checkpoint()), "checkpoint"));
    EXPECT_GT(*train(*second).end.evaluations, before) << "those of the first run are among them";
    EXPECT_EQ(second->step(), whole->step());
    EXPECT_EQ(encode_checkpoint(second->checkpoint()), encode_checkpoint(whole->checkpoint())) << dtype;
  }
}

TEST(Minimizers, CountNoEvaluationsAfterACheckpointThatDoesNotSayHowManyThereWere) {
  const auto first = make_trainer(rosenbrock("lbfgs", 9));
  train(*first);
  Checkpoint old = first->checkpoint();
  old.evaluations.reset();
  const auto second = make_trainer(rosenbrock("lbfgs", 20));
  second->restore(decode_checkpoint(encode_checkpoint(old), "checkpoint"));
  EXPECT_EQ(train(*second).end.evaluations, std::nullopt);
}

TEST(Minimizers, CountEveryEvaluationWhereTheBatchChanges) {
  const std::string text =
      "talweg: 1\n"
      "data: {a: [1, 2, 3, 4]}\n"
      "parameters: {x: 0.5}\n"
      "train: {minimize: mean((x - a) ** 2), batch: 2, optimizer: lbfgs, steps: ";
  const auto whole = make_trainer(text + "6}\n"), first = make_trainer(text + "3}\n"),
             second = make_trainer(text + "6}\n");
  train(*first);
  second->restore(first->checkpoint());
  EXPECT_EQ(train(*second).end.evaluations, train(*whole).end.evaluations);
}

INSTANTIATE_TEST_SUITE_P(Training, EveryMinimizer,
                         testing::Values("lbfgs", "bfgs", "cg", "newton_cg", "annealing"),
                         [](const auto& tested) { return std::string(tested.param); });

}  // namespace
}  // namespace talweg
