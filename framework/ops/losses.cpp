// Softmax and what is trained with it, as PyTorch defines them.

#include <limits>
#include <optional>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/layout.hpp"
#include "ops/reductions.hpp"
#include "ops/registry.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// x less its largest element over axes, so that no exponential overflows. The gradient is that of x: what
/// follows does not depend on the shift.
Value shifted(Value x, const Integers& axes) { return x - stop_gradient(reduce("max", x, axes, true)); }

Value log_softmax(Value x, const Integers& axes) {
  const Value z = shifted(x, axes);
  return z - apply("log", sum(apply("exp", z), axes, true));
}

/// One axis, the last where none is given; none of a scalar.
Integers softmax_axes(const Arguments& arguments, const std::string& name) {
  return reduced_axes(Integers{arguments.integer("axis", -1)}, arguments.tensor("x").rank(), name);
}

Result softmax_function(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  const Integers axes = softmax_axes(arguments, "softmax");
  const Value e = apply("exp", shifted(x, axes));
  return e / sum(e, axes, true);
}

Result log_softmax_function(const Arguments& arguments) {
  return log_softmax(arguments.tensor("x"), softmax_axes(arguments, "log_softmax"));
}

Value reduced(const Arguments& arguments, Value losses, const std::string& name) {
  const std::string reduction = arguments.has("reduction") ? arguments.text("reduction") : "mean";
  if (reduction == "none") return losses;
  if (reduction == "sum") return sum_all(losses);
  if (reduction == "mean") return sum_all(losses) / static_cast<double>(losses.shape().elements());
  throw Error(Status::model,
              name + ": reduction is 'mean', 'sum' or 'none', and this is '" + reduction + "'");
}

/// The mean of losses that have these weights already, as PyTorch takes it.
Value reduced_by(const Arguments& arguments, Value losses, Value weights, const std::string& name) {
  const bool mean = !arguments.has("reduction") || arguments.text("reduction") == "mean";
  return mean ? sum_all(losses) / sum_all(weights) : reduced(arguments, losses, name);
}

/// The log probability of each label; NaN where a label is outside the classes. That the indices are labels
/// is noted, so that data which they come from can be held to the classes.
Value picked(Value log_probabilities, Value labels, int axis) {
  const Value at = expand_dims(labels, axis);
  const Value chosen =
      emit("take_along_axis", {log_probabilities, at}, {{"axis", std::int64_t{axis}}, {"labels", true}});
  return reshape(chosen, labels.shape());
}

double share_argument(const Arguments& arguments, const std::string& function, const std::string& name) {
  const double value = arguments.number(name, 0);
  if (!(value >= 0 && value <= 1))
    throw Error(Status::model,
                function + ": " + name + " is within 0 and 1, and this is " + format_number(value));
  return value;
}

/// The argument "weight", one number for each class, or nothing.
std::optional<Value> class_weights(const Arguments& arguments, std::int64_t classes) {
  if (!arguments.has("weight")) return std::nullopt;
  const Value weight = arguments.tensor("weight");
  if (!(weight.shape() == Shape{classes}))
    throw Error(Status::model, "cross_entropy: the weight is " + to_string(weight.shape()) + " and not " +
                                   to_string(Shape{classes}) + ", one number for each class");
  return weight;
}

/// log softmax(x) along axis, times the weights of the classes.
Value weighted_log_softmax(Value x, int axis, const std::optional<Value>& weights) {
  const Value log_probabilities = log_softmax(x, {axis});
  if (!weights) return log_probabilities;
  Integers along(static_cast<std::size_t>(x.rank() - axis), 1);
  along[0] = x.shape()[axis];
  return reshape(*weights, Shape::checked(along)) * log_probabilities;
}

/// -log softmax(x)[target] for integer labels of x's shape without axis, -sum(target log softmax(x)) for
/// probabilities of x's shape; the mean over all examples. With label_smoothing s each target has the share
/// 1 - s of what it had and all classes have s / classes more. Labels that are ignore_index do not count.
/// Each class counts as much as its weight; the mean over labels is then divided by the sum of their weights.
Result cross_entropy(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), target = arguments.tensor("target");
  const int axis = last_axis_or(arguments, x.rank(), "cross_entropy");
  const std::optional<Value> weights = class_weights(arguments, x.shape()[axis]);
  const Value log_probabilities = weighted_log_softmax(x, axis, weights);
  const double smoothing = share_argument(arguments, "cross_entropy", "label_smoothing");
  const auto smoothed = [&](Value losses) {
    if (smoothing == 0) return losses;
    const Value all = -sum(log_probabilities, {axis}) / static_cast<double>(x.shape()[axis]);
    return (1 - smoothing) * losses + smoothing * all;
  };
  const bool ignores = arguments.has("ignore_index");
  if (target.shape() == x.shape()) {
    if (ignores)
      throw Error(Status::model,
                  "cross_entropy: ignore_index is of integer labels, and these are probabilities");
    return reduced(arguments, smoothed(-sum(target * log_probabilities, {axis})), "cross_entropy");
  }
  const Shape labels = reduced_shape(x.shape(), {axis}, false);
  if (!(target.shape() == labels))
    throw Error(Status::model, "cross_entropy: logits of shape " + to_string(x.shape()) +
                                   " need labels of shape " + to_string(labels) +
                                   " or probabilities of their own shape, and the target is " +
                                   to_string(target.shape()));
  if (is_floating(target.dtype()))
    throw Error(Status::model, "cross_entropy: labels are integers, and these are " +
                                   std::string(to_string(target.dtype())));
  const auto weights_of = [&](Value known) {
    return emit("take", {*weights, known}, {{"axis", std::int64_t{0}}});
  };
  if (!ignores) {
    const Value losses = smoothed(-picked(log_probabilities, target, axis));
    return weights ? reduced_by(arguments, losses, weights_of(target), "cross_entropy")
                   : reduced(arguments, losses, "cross_entropy");
  }
  const auto ignored = static_cast<double>(arguments.integer("ignore_index"));
  const Value zero = constant(x.graph(), 0, {}, DType::int64);
  const Value counts = compare("not_equal", target, constant(x.graph(), ignored, {}, DType::int64));
  const Value known = where(counts, target, zero);
  const Value losses = where(counts, smoothed(-picked(log_probabilities, known, axis)), zero);
  return reduced_by(arguments, losses, weights ? where(counts, weights_of(known), zero) : counts,
                    "cross_entropy");
}

Value difference_of(const Arguments& arguments) { return arguments.tensor("x") - arguments.tensor("target"); }

/// mean((x - target)^2)
Result mse(const Arguments& arguments) {
  return reduced(arguments, apply("square", difference_of(arguments)), "mse");
}

/// mean(abs(x - target))
Result mae(const Arguments& arguments) {
  return reduced(arguments, apply("abs", difference_of(arguments)), "mae");
}

/// d^2 / 2 for differences up to delta, delta (|d| - delta / 2) beyond: with d clipped to c, c (d - c / 2)
/// (Huber 1964).
Result huber(const Arguments& arguments) {
  const Value d = difference_of(arguments);
  const double delta = arguments.number("delta", 1);
  if (!(delta > 0))
    throw Error(Status::model, "huber: delta is above 0, and this is " + format_number(delta));
  const Value clipped =
      emit("minimum", {emit("maximum", {d, constant(d.graph(), -delta)}), constant(d.graph(), delta)});
  return reduced(arguments, clipped * (d - 0.5 * clipped), "huber");
}

/// -(p target log(sigmoid(x)) + (1 - target) log(1 - sigmoid(x))), where p is pos_weight: (1 - target) x + (1
/// + (p - 1) target) log(1 + exp(-x)), which no x overflows. Without p that is log(1 + exp(x)) - target x.
Result binary_cross_entropy_with_logits(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), target = arguments.tensor("target");
  const auto softplus = [](Value of) {
    return emit("softplus", {of}, {{"beta", 1.0}, {"threshold", std::numeric_limits<double>::infinity()}});
  };
  if (!arguments.has("pos_weight"))
    return reduced(arguments, softplus(x) - target * x, "binary_cross_entropy_with_logits");
  const Value weight = 1 + (arguments.tensor("pos_weight") - 1) * target;
  return reduced(arguments, (1 - target) * x + weight * softplus(-x), "binary_cross_entropy_with_logits");
}

/// target (log(target) - x), where x is the logarithm of a probability; 0 where target is 0.
Result kl_divergence(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), target = arguments.tensor("target");
  const bool logarithm = arguments.flag("log_target", false);
  const Value zero = constant(x.graph(), 0), one = constant(x.graph(), 1);
  const Value positive = compare("greater", target, 0);
  const Value losses = logarithm
                           ? apply("exp", target) * (target - x)
                           : where(positive, target * (apply("log", where(positive, target, one)) - x), zero);
  const bool by_example = arguments.has("reduction") && arguments.text("reduction") == "batchmean";
  if (by_example && losses.rank() > 0) return sum_all(losses) / static_cast<double>(losses.shape()[0]);
  return reduced(arguments, losses, "kl_divergence");
}

/// mean(max(0, 1 - target x)) with targets -1 and 1
Result hinge(const Arguments& arguments) {
  return reduced(arguments, apply("relu", 1 - arguments.tensor("target") * arguments.tensor("x")), "hinge");
}

}  // namespace

void register_losses() {
  FunctionRegistry& functions = FunctionRegistry::instance();
  const FunctionParameter x{"x", ArgumentKind::tensor, true, "", "input"}, target{"target"},
      axis{"axis", ArgumentKind::integer, false, "-1", "dim"},
      reduction{"reduction", ArgumentKind::text, false, "'mean'"};
  functions.add({"softmax", "exp(x) / sum(exp(x)) along axis", {x, axis}, softmax_function});
  functions.add({"log_softmax", "x - log(sum(exp(x))) along axis", {x, axis}, log_softmax_function});
  functions.add({"cross_entropy",
                 "-log_softmax(x) at integer labels, or its mean under probabilities",
                 {x,
                  target,
                  axis,
                  reduction,
                  {"label_smoothing", ArgumentKind::number, false, "0"},
                  {"ignore_index", ArgumentKind::integer, false, "None"},
                  {"weight", ArgumentKind::tensor, false, "None"}},
                 cross_entropy});
  functions.add({"mse", "mean((x - target)**2)", {x, target, reduction}, mse});
  functions.add({"mae", "mean(abs(x - target))", {x, target, reduction}, mae});
  functions.add({"huber",
                 "mean((x - target)**2) / 2, but linear where they differ by more than delta",
                 {x, target, reduction, {"delta", ArgumentKind::number, false, "1.0"}},
                 huber});
  functions.add({"binary_cross_entropy_with_logits",
                 "mean(log(1 + exp(x)) - target * x) for targets within 0 and 1",
                 {x, target, reduction, {"pos_weight", ArgumentKind::tensor, false, "None"}},
                 binary_cross_entropy_with_logits});
  functions.add({"kl_divergence",
                 "mean(target * (log(target) - x)) for log probabilities x",
                 {x, target, reduction, {"log_target", ArgumentKind::flag, false, "False"}},
                 kl_divergence});
  functions.add(
      {"hinge", "mean(max(0, 1 - target * x)) for targets -1 and 1", {x, target, reduction}, hinge});
}

}  // namespace talweg
