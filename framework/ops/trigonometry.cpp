// Trigonometric and hyperbolic functions; angles in radians.

#include <cmath>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

Value one_minus_square(Value x) { return 1 - apply("square", x); }
Value one_plus_square(Value x) { return 1 + apply("square", x); }

}  // namespace

void register_trigonometry() {
  using enum ResultType;

  add_unary_function(add_elementwise_op<floating>(
      "sin", "sin(x)", [](auto x) { return std::sin(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * apply("cos", call.input(0))}; }));

  add_unary_function(add_elementwise_op<floating>(
      "cos", "cos(x)", [](auto x) { return std::cos(x); },
      [](const GradientCall& call) -> Values { return {-call.gradient * apply("sin", call.input(0))}; }));

  add_unary_function(add_elementwise_op<floating>(
      "tan", "tan(x)", [](auto x) { return std::tan(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * one_plus_square(call.output())}; }));

  add_unary_function(add_elementwise_op<floating>(
      "arcsin", "the angle in [-pi/2, pi/2] whose sine is x", [](auto x) { return std::asin(x); },
      [](const GradientCall& call) -> Values {
        return {call.gradient / apply("sqrt", one_minus_square(call.input(0)))};
      }));

  add_unary_function(add_elementwise_op<floating>(
      "arccos", "the angle in [0, pi] whose cosine is x", [](auto x) { return std::acos(x); },
      [](const GradientCall& call) -> Values {
        return {-call.gradient / apply("sqrt", one_minus_square(call.input(0)))};
      }));

  add_unary_function(add_elementwise_op<floating>(
      "arctan", "the angle in [-pi/2, pi/2] whose tangent is x", [](auto x) { return std::atan(x); },
      [](const GradientCall& call) -> Values { return {call.gradient / one_plus_square(call.input(0))}; }));

  add_unary_function(add_elementwise_op<floating>(
      "sinh", "(exp(x) - exp(-x)) / 2", [](auto x) { return std::sinh(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * apply("cosh", call.input(0))}; }));

  add_unary_function(add_elementwise_op<floating>(
      "cosh", "(exp(x) + exp(-x)) / 2", [](auto x) { return std::cosh(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * apply("sinh", call.input(0))}; }));

  add_unary_function(add_elementwise_op<floating>(
      "tanh", "sinh(x) / cosh(x)", [](auto x) { return std::tanh(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * one_minus_square(call.output())}; }));
}

}  // namespace talweg
