// The checks that train small models.

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "support/numbers.hpp"
#include "training/checkpoint.hpp"
#include "training/conformance/checks.hpp"

namespace talweg::conformance {
namespace {

/// A layer with a scale: a matrix, a vector and a number are trained.
constexpr const char* kLayerGraph =
    "data:\n"
    "  X: [[0.1, -0.4, 0.8], [0.7, 0.3, -0.2], [-0.5, 0.6, 0.9], [0.2, 0.2, -0.7]]\n"
    "  y: [[0.3, -0.2], [0.8, 0.1], [-0.4, 0.5], [0.1, -0.6]]\n"
    "graph:\n"
    "  loss: mean(square(tanh(X @ w + b) * s - y))\n";
constexpr const char* kW = "  w: [[0.5, -0.3], [0.8, 0.2], [-0.6, 0.4]]\n";
constexpr const char* kB = "  b: [0.1, -0.2]\n";
constexpr const char* kS = "  s: 1.3\n";

std::string layer() { return std::string("parameters:\n") + kW + kB + kS + kLayerGraph; }
std::string reordered_layer() { return std::string("parameters:\n") + kS + kB + kW + kLayerGraph; }

constexpr const char* kOfSeven =
    "data: {c: [1, 2, 0.5, -1, 3, 0.2, 1.5]}\n"
    "graph: {loss: sum(square(tanh(x * c) - 0.3) * c * c) + sum(x) ** 2 / 9}\n";
constexpr const char* kWhole = "parameters: {x: [0.5, -0.3, 0.8, 0.2, -0.6, 0.4, 1.1]}\n";
constexpr const char* kInParts = "parameters: {x_0: [0.5, -0.3, 0.8], x_1: [0.2, -0.6, 0.4, 1.1]}\n";

std::string whole() { return std::string(kWhole) + kOfSeven; }
std::string in_parts() {
  std::string text = std::string(kInParts) + kOfSeven;
  return text.insert(text.find("{loss"), "{x: 'concatenate([x_0, x_1])', ").erase(text.rfind("{loss"), 1);
}

/// All parameters of a training end to end.
std::vector<double> parameters_of(const Trainer& trainer) {
  const Kept values = kept(trainer);
  std::vector<double> all;
  for (const TensorDeclaration& parameter : trainer.model().parameters) {
    const std::vector<double>& part = values.at(parameter.name);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

void run(Trainer& trainer) {
  TrainingObserver nobody;
  static_cast<void>(trainer.run(nobody));
}

/// The rule as it is emitted when it asks for shapes: for each parameter by itself.
class ForEachParameter final : public UpdateRule {
 public:
  explicit ForEachParameter(const UpdateRule& rule) : rule_(rule) {}

  [[nodiscard]] const std::string& name() const override { return rule_.name(); }
  [[nodiscard]] const std::vector<Hyperparameter>& hyperparameters() const override {
    return rule_.hyperparameters();
  }
  void emit(UpdateSite& site) const override {
    static_cast<void>(site.shape());
    rule_.emit(site);
  }

 private:
  const UpdateRule& rule_;
};

Verdict same_or(const std::string& difference) { return difference.empty() ? ok() : failed(difference); }

}  // namespace

Verdict check_downhill(const Subject& subject) {
  // Far from 0, so that a decay of the weights alone leads uphill. Steps of size 1 are not too long.
  constexpr double kTarget = 3;
  const Training training = {
      "parameters: {x: [1, -2, 0.5], w: [[-1, 1], [-2, 0.5]]}\n"
      "graph: {loss: 0.25 * (sum(square(x - 3)) + sum(square(w + 3)))}\n",
      100};
  const auto trainer = make_trainer(subject, training);
  const auto value_of = [&](const char* name, double target) {
    double sum = 0;
    for (double element : trainer->value(name).values) sum += 0.25 * (element - target) * (element - target);
    return sum;
  };
  const double x_before = value_of("x", kTarget), w_before = value_of("w", -kTarget);
  run(*trainer);
  const double x_after = value_of("x", kTarget), w_after = value_of("w", -kTarget);
  const auto problem = [&](const std::string& name, double before, double after) {
    return failed("100 steps take the part of '" + name + "' in a convex quadratic from " +
                  format_number(before) + " to " + format_number(after));
  };
  if (!(x_after < x_before)) return problem("x", x_before, x_after);
  if (!(w_after < w_before)) return problem("w", w_before, w_after);
  return ok();
}

Verdict check_round_trip(const Subject& subject) {
  constexpr std::int64_t kHalf = 20;
  const auto first = make_trainer(subject, {layer(), kHalf});
  run(*first);
  const std::string bytes = encode_checkpoint(first->checkpoint());
  const auto whole = make_trainer(subject, {layer(), 2 * kHalf});
  run(*whole);
  const auto second = make_trainer(subject, {layer(), 2 * kHalf});
  second->restore(decode_checkpoint(bytes, "checkpoint"));
  run(*second);
  return same_or(difference(kept(*whole), kept(*second), "a checkpoint in between"));
}

Verdict check_order(const Subject& subject) {
  if (subject.habits.draws)
    return skipped("it draws random numbers, and which element gets which depends on the order");
  const bool sums_over_all = subject.minimizer() != nullptr || subject.habits.all_parameters;
  if (!sums_over_all)
    return same_or(difference(train(subject, {layer()}), train(subject, {reordered_layer()}),
                              "the parameters in another order"));
  // Sums over all parameters are rounded otherwise then, and a search may magnify it.
  constexpr std::int64_t kSteps = 5;
  constexpr double kTolerance = 1e-6;
  const Kept one = train(subject, {layer(), kSteps}), other = train(subject, {reordered_layer(), kSteps});
  Kept parameters;
  for (const char* name : {"w", "b", "s"}) parameters[name] = one.at(name);
  return same_or(difference(parameters, other, "the parameters in another order", kTolerance));
}

Verdict check_split(const Subject& subject) {
  if (subject.habits.asks_for_shapes)
    return skipped("it asks for the shape of each parameter: what one is, matters");
  const auto one = make_trainer(subject, {whole()}), two = make_trainer(subject, {in_parts()});
  run(*one);
  run(*two);
  return same_or(difference({{"x", parameters_of(*one)}}, {{"x", parameters_of(*two)}}, "x in two parts"));
}

Verdict check_fused(const Subject& subject) {
  const UpdateRule* rule = subject.rule();
  if (rule == nullptr) return skipped("a minimizer emits nothing");
  if (subject.habits.asks_for_shapes)
    return skipped("it asks for the shape of each parameter, and is emitted for each alone");
  if (subject.habits.all_parameters)
    return skipped("it needs all parameters together, and is emitted for all alone");
  return same_or(difference(train(subject, {layer()}),
                            train(subject, {layer()}, std::make_shared<ForEachParameter>(*rule)),
                            "an emission for each parameter"));
}

Verdict check_types(const Subject& subject) {
  constexpr std::int64_t kSteps = 10;
  constexpr double kTolerance = 2e-3;
  const Kept wide = train(subject, {layer(), kSteps, DType::float64});
  const Kept narrow = train(subject, {layer(), kSteps, DType::float32});
  Kept parameters;
  for (const char* name : {"w", "b", "s"}) parameters[name] = wide.at(name);
  return same_or(difference(parameters, narrow, "float32", kTolerance));
}

Verdict check_zero_gradient(const Subject& subject) {
  constexpr std::int64_t kSteps = 5;
  const Kept after = train(subject, {"data: {z: [0, 0, 0]}\n"
                                     "parameters: {x: [1, -2, 0]}\n"
                                     "graph: {loss: sum(x * z)}\n",
                                     kSteps});
  if (!subject.habits.asks_for_gradients) return ok();
  // A decay of the weights may take x nearer to 0, but nothing takes it anywhere else.
  const std::vector<double> before = {1, -2, 0}, &x = after.at("x");
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!(std::abs(x[i]) <= std::abs(before[i]) && x[i] * before[i] >= 0))
      return failed("x moves from " + format_number(before[i]) + " to " + format_number(x[i]) +
                    " without a slope");
  return ok();
}

Verdict check_nan_gradient(const Subject& subject) {
  if (!subject.habits.asks_for_gradients) return skipped("it uses no gradient");
  constexpr std::int64_t kSteps = 5;
  // sqrt(0 x) is 0, and its derivative 0 / 0.
  const Training training = {
      "data: {z: [1, 0, 1]}\n"
      "parameters: {x: [1, 2, 3]}\n"
      "graph: {loss: sum(sqrt(x * z)) + sum(x * x)}\n",
      kSteps};
  try {
    const Kept after = train(subject, training);
    return failed("a gradient that is not a number goes by unnoticed: x is " +
                  format_number(after.at("x")[1]) + " where it is NaN");
  } catch (const Error&) {
    return ok();
  }
}

Verdict check_threads(const Subject& subject) {
  // Large enough for work to be divided. Minimizers may keep a matrix of n x n numbers. Products of large
  // matrices are rounded otherwise on two threads, whatever the optimizer: those here are small.
  const std::string size = subject.rule() != nullptr ? "60000" : "200";
  const std::string model = "parameters: {x: {shape: [" + size +
                            "], init: 'uniform(-1, 1)'}, y: {shape: [20, 10], init: 'uniform(-1, 1)'}}\n"
                            "graph: {loss: mean(square(tanh(2 * x) - 0.3)) + mean(square(y - 1))}\n";
  constexpr std::int64_t kSteps = 5;
  return same_or(difference(train(subject, {model, kSteps, DType::float64, 1}),
                            train(subject, {model, kSteps, DType::float64, 2}), "two threads"));
}

}  // namespace talweg::conformance
