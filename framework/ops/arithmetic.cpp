// Elementwise arithmetic with NumPy's broadcasting. The functions do what NumPy does with booleans; the ops
// count them as 0 and 1.

#include <cmath>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

bool are_boolean(const Arguments& arguments, std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (arguments.tensor(name).dtype() != DType::boolean) return false;
  return true;
}

/// a + b; of booleans: is one of them true?
Result add(const Arguments& arguments) {
  const bool boolean = are_boolean(arguments, {"a", "b"});
  return emit(boolean ? "maximum" : "add", {arguments.tensor("a"), arguments.tensor("b")});
}

Result subtract(const Arguments& arguments) {
  if (are_boolean(arguments, {"a", "b"}))
    throw Error(Status::model, "subtract: two bool tensors have no difference")
        .set_hint("a != b is true where they differ");
  return arguments.tensor("a") - arguments.tensor("b");
}

Result multiply(const Arguments& arguments) {
  return without_sign_of_zero(arguments.tensor("a") * arguments.tensor("b"));
}

Result negative(const Arguments& arguments) {
  if (are_boolean(arguments, {"x"}))
    throw Error(Status::model, "negative: a bool tensor has no negative")
        .set_hint("x == 0 is true where x is false");
  const Value x = arguments.tensor("x");
  return x.dtype() == DType::int64 ? constant(x.graph(), 0, {}, DType::int64) - x : -x;
}

Result reciprocal(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  if (!is_floating(x.dtype()))
    throw Error(Status::model, "reciprocal: of " + std::string(to_string(x.dtype())) +
                                   " numbers NumPy's is a whole number, mostly 0")
        .set_hint("1 / x is floating");
  return apply("reciprocal", x);
}

}  // namespace

void register_arithmetic() {
  using enum ResultType;
  FunctionRegistry& functions = FunctionRegistry::instance();

  const Op& add_op = add_elementwise_op<numeric>(
      "add", "a + b", [](auto a, auto b) { return a + b; },
      [](const GradientCall& call) -> Values {
        return {call.gradient, call.gradient};
      });
  functions.add({"add", add_op.formula, {{"a"}, {"b"}}, add});

  const Op& subtract_op = add_elementwise_op<numeric>(
      "subtract", "a - b", [](auto a, auto b) { return a - b; },
      [](const GradientCall& call) -> Values {
        return {call.gradient, -call.gradient};
      });
  functions.add({"subtract", subtract_op.formula, {{"a"}, {"b"}}, subtract});

  const Op& multiply_op = add_elementwise_op<promoted>(
      "multiply", "a * b", [](auto a, auto b) { return a * b; },
      [](const GradientCall& call) -> Values {
        return {call.gradient * call.input(1), call.gradient * call.input(0)};
      });
  functions.add({"multiply", multiply_op.formula, {{"a"}, {"b"}}, multiply});

  add_binary_function(add_elementwise_op<floating>(
      "divide", "a / b", [](auto a, auto b) { return a / b; },
      [](const GradientCall& call) -> Values {
        const Value part = call.gradient / call.input(1);
        return {part, -part * call.output()};
      }));

  const Op& negative_op = add_elementwise_op<numeric>(
      "negative", "-x", [](auto x) { return -x; },
      [](const GradientCall& call) -> Values { return {-call.gradient}; });
  functions.add({"negative", negative_op.formula, {{"x"}}, negative});

  // At 0 the gradient is 0.
  add_unary_function(add_elementwise_op<promoted>(
      "abs", "|x|", [](auto x) { return std::abs(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * apply("sign", call.input(0))}; }));

  add_unary_function(add_elementwise_op<numeric>(
      "sign", "-1, 0 or 1; of NaN NaN",
      [](auto x) {
        return x > 0 ? decltype(x){1} : x < 0 ? decltype(x){-1} : x == 0 ? decltype(x){0} : x;
      },
      nullptr));

  add_unary_function(add_elementwise_op<numeric>(
      "square", "x * x", [](auto x) { return x * x; },
      [](const GradientCall& call) -> Values { return {2 * call.gradient * call.input(0)}; }));

  add_unary_function(add_elementwise_op<floating>(
      "sqrt", "the root of x; at 0 the gradient is infinite", [](auto x) { return std::sqrt(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * 0.5 / call.output()}; }));

  const Op& reciprocal_op = add_elementwise_op<floating>(
      "reciprocal", "1 / x", [](auto x) { return 1 / x; },
      [](const GradientCall& call) -> Values { return {-call.gradient * apply("square", call.output())}; });
  functions.add({"reciprocal", reciprocal_op.formula, {{"x"}}, reciprocal});
}

}  // namespace talweg
