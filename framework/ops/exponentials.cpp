// Exponentials, logarithms and the error function.

#include <cmath>
#include <numbers>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {

void register_exponentials() {
  using enum ResultType;

  add_unary_function(add_elementwise_op<floating>(
      "exp", "e ** x", [](auto x) { return std::exp(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * call.output()}; }));

  add_unary_function(add_elementwise_op<floating>(
      "expm1", "exp(x) - 1, exact for small x", [](auto x) { return std::expm1(x); },
      [](const GradientCall& call) -> Values { return {call.gradient * (call.output() + 1)}; }));

  add_unary_function(add_elementwise_op<floating>(
      "log", "the natural logarithm of x", [](auto x) { return std::log(x); },
      [](const GradientCall& call) -> Values { return {call.gradient / call.input(0)}; }));

  add_unary_function(add_elementwise_op<floating>(
      "log1p", "log(1 + x), exact for small x", [](auto x) { return std::log1p(x); },
      [](const GradientCall& call) -> Values { return {call.gradient / (1 + call.input(0))}; }));

  add_unary_function(add_elementwise_op<floating>(
      "erf", "2 / sqrt(pi) * the integral of exp(-t**2) from 0 to x", [](auto x) { return std::erf(x); },
      [](const GradientCall& call) -> Values {
        const Value bell = apply("exp", -apply("square", call.input(0)));
        return {call.gradient * (2 * std::numbers::inv_sqrtpi * bell)};
      }));
}

}  // namespace talweg
