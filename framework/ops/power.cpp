// a ** b.

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

struct Power {
  template <class T>
  T operator()(T a, T b) const {
    return std::pow(a, b);
  }
};

/// The number that every element of `x` is, where that is known.
std::optional<double> known_number(Value x) {
  const std::optional<Numbers> values = known_values(x.node());
  if (!values || values->empty() || std::ranges::adjacent_find(*values, std::not_equal_to{}) != values->end())
    return std::nullopt;
  return values->front();
}

/// As NumPy, integers to powers that are known to be negative integers are refused.
Inferred infer_power(const InferCall& call) {
  const Inferred inferred = infer_elementwise<ResultType::numeric>(call);
  const std::optional<Numbers> exponents = known_values(call.graph[call.inputs[1]]);
  if (inferred.dtype == DType::int64 && exponents &&
      std::ranges::any_of(*exponents, [](double exponent) { return exponent < 0; }))
    throw Error(Status::model, "integers to negative integer powers are not allowed")
        .set_hint("a floating exponent gives a floating result: -1.0");
  return inferred;
}

/// d/da = b a^(b-1), where 0 * 0^-1 counts as 0.
Value gradient_of_base(const GradientCall& call) {
  const Value a = call.input(0), b = call.input(1);
  if (const std::optional<double> exponent = known_number(b)) {
    if (*exponent == 0) return {};
    if (*exponent == 1) return call.gradient;
    if (*exponent == 2) return 2 * call.gradient * a;
    return call.gradient * (b * emit("power", {a, b - 1}));
  }
  const Value both_zero = compare("equal", a, 0) * compare("equal", b, 0);
  return call.gradient * (b * emit("power", {where(both_zero, constant(call.graph, 1), a), b - 1}));
}

/// d/db = a^b log a, where 0^b log 0 counts as 0 for b >= 0.
Value gradient_of_exponent(const GradientCall& call) {
  const Value a = call.input(0);
  const Value vanishes = compare("equal", a, 0) * compare("greater_equal", call.input(1), 0);
  const Value safe = where(vanishes, constant(call.graph, 1), a);
  return call.gradient * (call.output() * apply("log", safe));
}

/// x ** 2 is square(x): the same value, and the gradient 2 x.
Result power(const Arguments& arguments) {
  const Value a = arguments.tensor("a"), b = arguments.tensor("b");
  const std::optional<double> exponent = known_number(b);
  if (exponent == 2 && b.rank() == 0 && promote(a.dtype(), b.dtype()) == a.dtype()) return apply("square", a);
  return emit("power", {a, b});
}

}  // namespace

void register_power() {
  const Op& op =
      add_elementwise_op<Power>("power", "a ** b", infer_power, [](const GradientCall& call) -> Values {
        return {call.needed[0] ? gradient_of_base(call) : Value{},
                call.needed[1] ? gradient_of_exponent(call) : Value{}};
      });
  FunctionRegistry::instance().add({"power", op.formula, {{"a"}, {"b"}}, power});
}

}  // namespace talweg
