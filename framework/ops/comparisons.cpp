// Comparisons, and what chooses by one.

#include <cmath>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// The share of the gradient that goes to the input that `loses` where it loses: half of it where a == b.
Value share(const GradientCall& call, const char* loses) {
  const Value a = call.input(0), b = call.input(1);
  const Value zero = constant(call.graph, 0);
  return where(compare("equal", a, b), call.gradient * 0.5, where(compare(loses, a, b), zero, call.gradient));
}

Values maximum_gradient(const GradientCall& call) {
  return {call.needed[0] ? share(call, "less") : Value{}, call.needed[1] ? share(call, "greater") : Value{}};
}

Values minimum_gradient(const GradientCall& call) {
  return {call.needed[0] ? share(call, "greater") : Value{}, call.needed[1] ? share(call, "less") : Value{}};
}

struct Where {
  template <class T>
  T operator()(T condition, T x, T y) const {
    return condition != 0 ? x : y;
  }
};

/// The condition may be of any type: what is not 0 is true, NaN too.
Inferred infer_where(const InferCall& call) {
  return {broadcast_inputs(call), promote(call.dtype(1), call.dtype(2))};
}

Values where_gradient(const GradientCall& call) {
  const Value condition = call.input(0), zero = constant(call.graph, 0);
  return {{}, where(condition, call.gradient, zero), where(condition, zero, call.gradient)};
}

Result clip(const Arguments& arguments) {
  Value x = arguments.tensor("x");
  if (!arguments.has("a_min") && !arguments.has("a_max"))
    throw Error(Status::model, "clip: there is neither a lower nor an upper bound");
  if (arguments.has("a_min")) x = emit("maximum", {x, arguments.tensor("a_min")});
  if (arguments.has("a_max")) x = emit("minimum", {x, arguments.tensor("a_max")});
  return x;
}

}  // namespace

void register_comparisons() {
  using enum ResultType;

  add_binary_function(add_elementwise_op<boolean>(
      "equal", "a == b", [](auto a, auto b) { return a == b; }, nullptr));
  add_binary_function(add_elementwise_op<boolean>(
      "not_equal", "a != b", [](auto a, auto b) { return a != b; }, nullptr));
  add_binary_function(add_elementwise_op<boolean>(
      "less", "a < b", [](auto a, auto b) { return a < b; }, nullptr));
  add_binary_function(add_elementwise_op<boolean>(
      "less_equal", "a <= b", [](auto a, auto b) { return a <= b; }, nullptr));
  add_binary_function(add_elementwise_op<boolean>(
      "greater", "a > b", [](auto a, auto b) { return a > b; }, nullptr));
  add_binary_function(add_elementwise_op<boolean>(
      "greater_equal", "a >= b", [](auto a, auto b) { return a >= b; }, nullptr));

  // Both are NaN where one input is. Where a == b each gets half of the gradient.
  add_binary_function(add_elementwise_op<promoted>(
      "maximum", "the larger of a and b; NaN where one is",
      [](auto a, auto b) { return a >= b || std::isnan(a) ? a : b; }, maximum_gradient));
  add_binary_function(add_elementwise_op<promoted>(
      "minimum", "the smaller of a and b; NaN where one is",
      [](auto a, auto b) { return a <= b || std::isnan(a) ? a : b; }, minimum_gradient));

  const Op& where_op =
      add_elementwise_op<Where>("where", "x where condition is not 0, else y", infer_where, where_gradient);
  FunctionRegistry& functions = FunctionRegistry::instance();
  functions.add({"where", where_op.formula, {{"condition"}, {"x"}, {"y"}}, nullptr, &where_op});
  functions.add({"clip",
                 "minimum(maximum(x, a_min), a_max)",
                 {{"x", ArgumentKind::tensor, true, "", "a"},
                  {"a_min", ArgumentKind::tensor, false, "None", "min"},
                  {"a_max", ArgumentKind::tensor, false, "None", "max"}},
                 clip});
}

}  // namespace talweg
