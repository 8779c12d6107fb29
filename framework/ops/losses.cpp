// Softmax and what is trained with it, as PyTorch defines them.

#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/layout.hpp"
#include "ops/reductions.hpp"
#include "ops/registry.hpp"

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

/// The log probability of each label, picked with a mask: a class of probability 0 that is no label does no
/// harm, and a label outside the classes gives NaN.
Value picked(Value log_probabilities, Value labels, int axis) {
  const std::int64_t classes = log_probabilities.shape()[axis];
  Integers order;
  for (int i = 0; i < labels.rank(); ++i) order.push_back(i);
  order.insert(order.begin() + axis, labels.rank());
  const Value mask = transpose(emit("one_hot", {labels}, {{"classes", classes}}), order);
  const Value zero = constant(labels.graph(), 0);
  return sum(where(compare("equal", mask, 0), zero, mask * log_probabilities), {axis});
}

/// -log softmax(x)[target] for integer labels of x's shape without axis, -sum(target log softmax(x)) for
/// probabilities of x's shape; the mean over all examples.
Result cross_entropy(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), target = arguments.tensor("target");
  const int axis = last_axis_or(arguments, x.rank(), "cross_entropy");
  const Value log_probabilities = log_softmax(x, {axis});
  if (target.shape() == x.shape())
    return reduced(arguments, -sum(target * log_probabilities, {axis}), "cross_entropy");
  const Shape labels = reduced_shape(x.shape(), {axis}, false);
  if (!(target.shape() == labels))
    throw Error(Status::model, "cross_entropy: logits of shape " + to_string(x.shape()) +
                                   " need labels of shape " + to_string(labels) +
                                   " or probabilities of their own shape, and the target is " +
                                   to_string(target.shape()));
  if (is_floating(target.dtype()))
    throw Error(Status::model, "cross_entropy: labels are integers, and these are " +
                                   std::string(to_string(target.dtype())));
  return reduced(arguments, -picked(log_probabilities, target, axis), "cross_entropy");
}

/// mean((x - target)^2)
Result mse(const Arguments& arguments) {
  const Value difference = arguments.tensor("x") - arguments.tensor("target");
  return reduced(arguments, apply("square", difference), "mse");
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
                 {x, target, axis, reduction},
                 cross_entropy});
  functions.add({"mse", "mean((x - target)**2)", {x, target, reduction}, mse});
}

}  // namespace talweg
