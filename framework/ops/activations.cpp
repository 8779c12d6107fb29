// Elementwise functions of neural networks, as PyTorch defines them.

#include <cmath>
#include <numbers>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// x where x > 0, else negative_slope * x.
struct LeakyRelu {
  double negative_slope;
  explicit LeakyRelu(const Attributes& attributes) : negative_slope(attributes.number("negative_slope")) {}
  template <class T>
  T operator()(T x) const {
    return x > 0 ? x : static_cast<T>(negative_slope) * x;
  }
};

/// At 0 the gradient is negative_slope.
Values leaky_relu_gradient(const GradientCall& call) {
  const Value steep = compare("greater", call.input(0), 0);
  return {where(steep, call.gradient, call.gradient * call.attributes().number("negative_slope"))};
}

/// x where x > 0, else alpha * (exp(x) - 1).
struct Elu {
  double alpha;
  explicit Elu(const Attributes& attributes) : alpha(attributes.number("alpha")) {}
  template <class T>
  T operator()(T x) const {
    return x > 0 ? x : static_cast<T>(alpha) * std::expm1(x);
  }
};

/// alpha * exp(x) below 0, taken from the output so that no exp(x) overflows above; at 0 it is alpha.
Values elu_gradient(const GradientCall& call) {
  const Value below = call.gradient * (call.output() + call.attributes().number("alpha"));
  return {where(compare("greater", call.input(0), 0), call.gradient, below)};
}

/// log(1 + exp(beta x)) / beta, and x where beta x > threshold.
struct Softplus {
  double beta, threshold;
  explicit Softplus(const Attributes& attributes)
      : beta(attributes.number("beta")), threshold(attributes.number("threshold")) {}
  template <class T>
  T operator()(T x) const {
    const T scaled = static_cast<T>(beta) * x;
    if (scaled > static_cast<T>(threshold)) return x;
    const T positive = scaled > 0 ? scaled : 0;
    return (positive + std::log1p(std::exp(-std::abs(scaled)))) / static_cast<T>(beta);
  }
};

Values softplus_gradient(const GradientCall& call) {
  const Value scaled = call.input(0) * call.attributes().number("beta");
  const Value linear = compare("greater", scaled, call.attributes().number("threshold"));
  return {where(linear, call.gradient, call.gradient * apply("sigmoid", scaled))};
}

/// d/dx = s (1 + x (1 - s)) with s = sigmoid(x).
Values silu_gradient(const GradientCall& call) {
  const Value x = call.input(0), s = apply("sigmoid", x);
  return {call.gradient * (s * (1 + x * (1 - s)))};
}

/// phi(x) = kPeak exp(-x^2 / 2), the density of the normal distribution.
constexpr double kPeak = std::numbers::inv_sqrtpi / std::numbers::sqrt2;

/// Phi(x), the normal distribution, with erfc, which keeps its digits where x is far below 0.
template <class T>
T normal_distribution(T x) {
  return T{0.5} * std::erfc(x * static_cast<T>(-std::numbers::sqrt2 / 2));
}

/// d/dx (Phi(x) + x phi(x)) = 2 phi(x) - x^2 phi(x), so written that no square meets a density of 0.
Values gelu_derivative_gradient(const GradientCall& call) {
  const Value x = call.input(0);
  const Value density = kPeak * apply("exp", -0.5 * apply("square", x));
  return {call.gradient * (2 * density - x * (x * density))};
}

/// x Phi(x), or with approximate='tanh' x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
Result gelu(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  const std::string approximate = arguments.has("approximate") ? arguments.text("approximate") : "none";
  if (approximate == "none") return apply("gelu", x);
  if (approximate != "tanh")
    throw Error(Status::model, "gelu: approximate is 'none' or 'tanh', and this is '" + approximate + "'");
  const double scale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  const Value inner = scale * (x * (1 + 0.044715 * apply("square", x)));
  return 0.5 * x * (1 + apply("tanh", inner));
}

Result leaky_relu(const Arguments& arguments) {
  return emit("leaky_relu", {arguments.tensor("x")},
              {{"negative_slope", arguments.number("negative_slope", 0.01)}});
}

Result elu(const Arguments& arguments) {
  return emit("elu", {arguments.tensor("x")}, {{"alpha", arguments.number("alpha", 1)}});
}

Result softplus(const Arguments& arguments) {
  const double beta = arguments.number("beta", 1);
  if (beta == 0) throw Error(Status::model, "softplus: beta is 0");
  return emit("softplus", {arguments.tensor("x")},
              {{"beta", beta}, {"threshold", arguments.number("threshold", 20)}});
}

}  // namespace

void register_activations() {
  using enum ResultType;
  FunctionRegistry& functions = FunctionRegistry::instance();

  add_unary_function(add_elementwise_op<floating>(
      "sigmoid", "1 / (1 + exp(-x))", [](auto x) { return 1 / (1 + std::exp(-x)); },
      [](const GradientCall& call) -> Values {
        return {call.gradient * (1 - call.output()) * call.output()};
      }));

  // At 0 the gradient is 0; NaN passes through. The output says where: it is usually in memory for the next
  // layer's gradient, and the input is not.
  add_unary_function(add_elementwise_op<promoted>(
      "relu", "x where x > 0, else 0", [](auto x) { return x <= 0 ? decltype(x){0} : x; },
      [](const GradientCall& call) -> Values {
        return {where(compare("less_equal", call.output(), 0), constant(call.graph, 0), call.gradient)};
      }));

  const Op& leaky_relu_op =
      add_elementwise_op<LeakyRelu>("leaky_relu", "x where x > 0, else negative_slope * x",
                                    infer_elementwise<floating>, leaky_relu_gradient);
  functions.add({"leaky_relu",
                 leaky_relu_op.formula,
                 {{"x"}, {"negative_slope", ArgumentKind::number, false, "0.01"}},
                 leaky_relu});

  const Op& elu_op = add_elementwise_op<Elu>("elu", "x where x > 0, else alpha * (exp(x) - 1)",
                                             infer_elementwise<floating>, elu_gradient);
  functions.add({"elu", elu_op.formula, {{"x"}, {"alpha", ArgumentKind::number, false, "1.0"}}, elu});

  const Op& gelu_op = add_elementwise_op<floating>(
      "gelu", "x times the normal distribution's share below x",
      [](auto x) { return x * normal_distribution(x); },
      [](const GradientCall& call) -> Values {
        return {call.gradient * apply("gelu_derivative", call.input(0))};
      });
  add_elementwise_op<floating>(
      "gelu_derivative", "the derivative of gelu at x",
      [](auto x) {
        using T = decltype(x);
        return normal_distribution(x) + x * (static_cast<T>(kPeak) * std::exp(T{-0.5} * x * x));
      },
      gelu_derivative_gradient);
  functions.add(
      {"gelu", gelu_op.formula, {{"x"}, {"approximate", ArgumentKind::text, false, "'none'"}}, gelu});

  add_unary_function(add_elementwise_op<floating>(
      "silu", "x * sigmoid(x)", [](auto x) { return x / (1 + std::exp(-x)); }, silu_gradient));

  const Op& softplus_op =
      add_elementwise_op<Softplus>("softplus", "log(1 + exp(beta x)) / beta, and x where beta x > threshold",
                                   infer_elementwise<floating>, softplus_gradient);
  functions.add({"softplus",
                 softplus_op.formula,
                 {{"x"},
                  {"beta", ArgumentKind::number, false, "1.0"},
                  {"threshold", ArgumentKind::number, false, "20.0"}},
                 softplus});
}

}  // namespace talweg
