// aw_sgd, which draws the examples of its batches by what it learns of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "plugin/test_plugins.hpp"
#include "support/random.hpp"
#include "training/checkpoint.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

constexpr double kTolerance = 1e-12;  // relative

/// A line w x + b through five points, in batches of two.
struct Line {
  static constexpr std::size_t kExamples = 5, kBatch = 2;
  static constexpr double kX[] = {1, -2, 0.5, 4, -0.25}, kY[] = {0.5, 1, -1, 2, 0};
  static constexpr double kAlpha = 0.01, kEta = 0.02, kUniform = 0.2, kRho = 0.9;

  double w = 0.5, b = -0.2, squares = 0;
  std::vector<double> tau = std::vector<double>(kExamples, 0), q = std::vector<double>(kExamples, 1);
  std::vector<std::size_t> drawn = {};

  /// The weights of the batch that is drawn in that step.
  std::vector<double> draw_batch(std::uint64_t step) {
    constexpr std::uint32_t kSeed = 7, kDrawsOfExamples = 0xFFFFFFFD;
    double sum = 0;
    for (double number : q) sum += number;
    drawn.clear();
    std::vector<double> weights;
    for (std::size_t i = 0; i < kBatch; ++i) {
      const auto words = draw(kSeed, kDrawsOfExamples, step, i);
      double at = unit_interval(words[0], words[1]) * sum;
      std::size_t example = 0;
      while (at >= q[example]) at -= q[example++];
      drawn.push_back(example);
      weights.push_back(sum / (kExamples * q[example]));
    }
    return weights;
  }

  /// Algorithm 1, with eta relative to the average of the squared norm.
  void make_step(std::uint64_t step) {
    const std::vector<double> weights = draw_batch(step);
    double by_w = 0, by_b = 0;
    for (std::size_t i = 0; i < kBatch; ++i) {
      const double x = kX[drawn[i]], error = w * x + b - kY[drawn[i]];
      by_w += weights[i] * 2 * error * x / kBatch;
      by_b += weights[i] * 2 * error / kBatch;
    }
    const std::vector<double> s = softmax();
    std::vector<double> score(kExamples, 0);
    for (std::size_t example : drawn) {
      // The gradient of log((1 - uniform) s_i + uniform / n) by tau.
      const double share = (1 - kUniform) * s[example] / mixed(s[example]);
      for (std::size_t j = 0; j < kExamples; ++j) score[j] += share * ((j == example ? 1 : 0) - s[j]);
    }
    const double squared = by_w * by_w + by_b * by_b;
    squares = kRho * squares + (1 - kRho) * squared;
    const double relative = squared * (1 - std::pow(kRho, static_cast<double>(step) + 1)) / squares;
    for (std::size_t j = 0; j < kExamples; ++j) tau[j] += kEta * relative * score[j];
    const std::vector<double> next = softmax();
    for (std::size_t j = 0; j < kExamples; ++j) q[j] = mixed(next[j]);
    w -= kAlpha * by_w;
    b -= kAlpha * by_b;
  }

  [[nodiscard]] std::vector<double> softmax() const {
    double sum = 0;
    std::vector<double> result;
    for (double logit : tau) sum += std::exp(logit);
    for (double logit : tau) result.push_back(std::exp(logit) / sum);
    return result;
  }
  static double mixed(double share) { return (1 - kUniform) * share + kUniform / kExamples; }

  static std::string model(const std::string& optimizer, int steps) {
    return "talweg: 1\nseed: 7\ndata: {x: [1, -2, 0.5, 4, -0.25], y: [0.5, 1, -1, 2, 0]}\n"
           "parameters: {w: 0.5, b: -0.2}\ngraph: {loss: mean((w * x + b - y) ** 2)}\n"
           "train: {minimize: loss, batch: 2, steps: " +
           std::to_string(steps) + ", optimizer: {" + optimizer +
           ": {alpha: 0.01, eta: 0.02, uniform: 0.2, rho: 0.9}}}\n";
  }
};

/// How far a training is from algorithm 1 in 60 steps.
double distance_from_paper(const std::string& optimizer) {
  constexpr int kSteps = 60;
  Line line;
  for (std::uint64_t step = 0; step < kSteps; ++step) line.make_step(step);
  CheckedModel model = load_model_text(Line::model(optimizer, kSteps), "model.yaml");
  auto rule = find_optimizer(model, PluginPath({installed_plugin_directory(), test_plugin_directory()}));
  Trainer trainer(std::move(model), std::move(rule), {});
  train(trainer);
  double distance = std::max(std::abs(trainer.value("w").values[0] - line.w),
                             std::abs(trainer.value("b").values[0] - line.b));
  const Checkpoint checkpoint = trainer.checkpoint();
  for (std::size_t i = 0; i < Line::kExamples; ++i) {
    distance =
        std::max(distance, std::abs(named(checkpoint.tensors, "optimizer:tau").values[i] - line.tau[i]));
    distance = std::max(distance, std::abs(named(checkpoint.tensors, "optimizer:q").values[i] - line.q[i]));
  }
  return distance;
}

TEST(AwSgd, DrawsAndStepsAsItsPaperHasIt) { EXPECT_LE(distance_from_paper("aw_sgd"), kTolerance); }

TEST(AwSgd, WithAMistakeDoesNot) {
  for (int mutant = 1; mutant <= 8; ++mutant)
    EXPECT_GE(distance_from_paper("aw_sgd_mutant_" + std::to_string(mutant)), 1e-6) << mutant;
}

/// A line through 50 points, five of which are far out: they make almost all of the gradient.
class Unbalanced : public testing::Test {
 protected:
  static constexpr int kExamples = 50, kFarOut = 5;

  static double scale(int i) { return i < kFarOut ? 10 : 1; }
  static double x(int i) { return scale(i) * std::sin(1.0 + i); }
  static double y(int i) { return 0.7 * x(i) + scale(i) * std::cos(3.0 * i); }

  static std::string model(const std::string& optimizer, const std::string& factor = "1") {
    std::string xs, ys;
    for (int i = 0; i < kExamples; ++i) {
      xs += (i > 0 ? ", " : "") + std::to_string(x(i));
      ys += (i > 0 ? ", " : "") + std::to_string(y(i));
    }
    return "talweg: 1\nseed: 1\ndata: {x: [" + xs + "], y: [" + ys +
           "]}\nparameters: {w: 0.0, b: 0.0}\ngraph: {loss: " + factor +
           " * mean((w * x + b - y) ** 2)}\n"
           "train: {minimize: loss, batch: 2, steps: 8000, optimizer: " +
           optimizer + "}\n";
  }

  /// Of the gradient of one example drawn by `q`, at the trained w and b: E |d|^2 - |E d|^2.
  static double variance(Trainer& trainer, const std::vector<double>& q) {
    const double w = trainer.value("w").values[0], b = trainer.value("b").values[0];
    double sum = 0, squares = 0, mean_w = 0, mean_b = 0;
    for (double number : q) sum += number;
    for (int i = 0; i < kExamples; ++i) {
      const double error = w * x(i) + b - y(i), by_w = 2 * error * x(i), by_b = 2 * error;
      const double chance = q[static_cast<std::size_t>(i)] / sum;
      squares += (by_w * by_w + by_b * by_b) / (kExamples * kExamples * chance);
      mean_w += by_w / kExamples;
      mean_b += by_b / kExamples;
    }
    return squares - mean_w * mean_w - mean_b * mean_b;
  }
};

TEST_F(Unbalanced, ExamplesAreDrawnWithLessVarianceThanUniformly) {
  // With its defaults, and whatever unit the loss is in. The least that any distribution can reach is a tenth
  // here.
  for (const char* factor : {"1", "100"}) {
    const std::string alpha = std::string("0.01 / ") + factor;
    const auto trainer = make_trainer(model("{aw_sgd: {alpha: " + alpha + "}}", factor));
    train(*trainer);
    const std::vector<double> learned = named(trainer->checkpoint().tensors, "optimizer:q").values;
    const double uniform = variance(*trainer, std::vector<double>(kExamples, 1));
    EXPECT_LT(variance(*trainer, learned), uniform / 5) << factor;
  }
}

TEST_F(Unbalanced, ExamplesAreDrawnUniformlyWhereNothingIsLearned) {
  const auto trainer = make_trainer(model("{aw_sgd: {alpha: 0.001, eta: 0}}"));
  train(*trainer);
  const std::vector<double> q = named(trainer->checkpoint().tensors, "optimizer:q").values;
  for (double number : q) EXPECT_NEAR(number, 1.0 / kExamples, kTolerance);
}

/// Two parameters and five examples; `loss` is over x and t, of which each example has a row.
std::string weighted(const std::string& loss, const std::string& more = "") {
  return "talweg: 1\nseed: 3\ndata: {x: [[1, 2], [3, -1], [0.5, 0.25], [-2, 1], [4, 4]], t: [0, 1, 1, 0, "
         "1]}\n"
         "parameters: {w: [[0.3, -0.2], [0.1, 0.5]]}\ngraph: {z: x @ w, loss: '" +
         loss + "'}\n" + more + "train: {minimize: loss, batch: 2, steps: 1, optimizer: aw_sgd}\n";
}

/// The weighted loss of the first batch, of examples drawn by q.
double weighted_loss(const std::string& loss, const std::vector<double>& q) {
  const auto trainer = make_trainer(weighted(loss));
  Checkpoint checkpoint = trainer->checkpoint();
  for (NamedTensor& tensor : checkpoint.tensors)
    if (tensor.name == "optimizer:q") tensor.values = q;
  trainer->restore(checkpoint);
  return scalar(train(*trainer).lines.at(0).values, "loss");
}

TEST(ExampleWeights, MultiplyThePartOfEachExampleWhateverTheLossIsMadeOf) {
  // Drawn by q, the examples are others than drawn uniformly, unless q lets one example alone: it weighs 1 /
  // n.
  const std::vector<double> only_third = {0, 0, 5, 0, 0};
  for (const char* loss : {"mean(square(z))", "sum(z)", "mean(mean(square(z), axis=1))",
                           "cross_entropy(z, t)", "3 - mse(z, x) / 2", "mean(sum(z, axis=1) * t) * 4",
                           "sum(square(w)) + mean(abs(z))", "cross_entropy(z, t, reduction=sum)"}) {
    std::string quoted = loss;
    if (const auto at = quoted.find("=sum"); at != std::string::npos) quoted.replace(at, 4, "=\"sum\"");
    // Linear in the weights: of examples that all weigh 1/5, every part but the constant is a fifth.
    const auto whole = make_trainer(
        "talweg: 1\nseed: 3\ndata: {x: [[0.5, 0.25], [0.5, 0.25]], t: [1, 1]}\n"
        "parameters: {w: [[0.3, -0.2], [0.1, 0.5]]}\ngraph: {z: x @ w, loss: '" +
        quoted + "', rest: '" +
        (quoted.starts_with("3")        ? "3"
         : quoted.starts_with("sum(sq") ? "sum(square(w))"
                                        : "0") +
        "'}\n");
    const double rest = whole->value("rest").values[0], all = whole->value("loss").values[0];
    EXPECT_NEAR(weighted_loss(quoted, only_third), rest + (all - rest) / 5, 1e-12) << loss;
  }
}

/// "" where the model can be trained.
std::string refusal(const std::string& text) {
  try {
    static_cast<void>(make_trainer(text));
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

TEST(ExampleWeights, NeedALossThatIsASumOverExamples) {
  EXPECT_EQ(refusal(weighted("mean(z)")), "");
  for (const char* loss : {"sqrt(mean(square(z)))", "mean(z) * mean(z)", "max(z)", "sum(square(x.T @ z))",
                           "sum(z) / sum(t + 1)", "mean(z[0])"})
    EXPECT_EQ(
        refusal(weighted(loss)),
        "optimizer 'aw_sgd' draws the examples, and what is minimized has to be a sum or mean over them")
        << loss;
}

TEST(ExampleDraws, AreForAllParametersTogether) {
  std::string text = weighted("mean(z)");
  text.replace(text.rfind("aw_sgd"), 6, "{gd: {alpha: 1, groups: {g: {parameters: w, optimizer: aw_sgd}}}}");
  EXPECT_EQ(refusal(text),
            "optimizer 'aw_sgd' draws the examples for all parameters together, and 'groups' divides them");
}

TEST(ExampleDraws, OfAModelWithoutBatchesAreTheWholeOfIt) {
  const std::string text =
      "talweg: 1\nparameters: {w: 1.0}\ntrain: {minimize: w * w, steps: 5, optimizer: NAME}\n";
  const auto train_by = [&](const char* name) {
    std::string with_name = text;
    const auto trainer = make_trainer(with_name.replace(with_name.find("NAME"), 4, name));
    train(*trainer);
    return trainer->value("w").values[0];
  };
  EXPECT_EQ(train_by("{aw_sgd: {alpha: 0.125}}"), train_by("{gd: {alpha: 0.125}}"));
}

TEST(ExampleDraws, ByNumbersThatAreNoProbabilitiesAreRefused) {
  for (const auto& [q, reason] : std::vector<std::pair<std::vector<double>, std::string>>{
           {{1, 1, -1, 1, 1}, "it is -1 for example 2"}, {{0, 0, 0, 0, 0}, "it is 0 for all"}}) {
    try {
      static_cast<void>(weighted_loss("mean(z)", q));
      ADD_FAILURE() << reason;
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), Status::plugin);
      EXPECT_EQ(error.message(), "examples cannot be drawn by 'q': " + reason);
    }
  }
}

}  // namespace
}  // namespace talweg
