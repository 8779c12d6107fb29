// Elementwise arithmetic with NumPy's broadcasting.

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

using Values = std::vector<Value>;

}  // namespace

void register_arithmetic() {
  using enum ResultType;

  add_binary_function(add_elementwise_op<promoted>(
      "add", "a + b", [](auto a, auto b) { return a + b; },
      [](const GradientCall& call) -> Values {
        return {call.gradient, call.gradient};
      }));

  add_binary_function(add_elementwise_op<promoted>(
      "subtract", "a - b", [](auto a, auto b) { return a - b; },
      [](const GradientCall& call) -> Values {
        return {call.gradient, -call.gradient};
      }));

  add_binary_function(add_elementwise_op<promoted>(
      "multiply", "a * b", [](auto a, auto b) { return a * b; },
      [](const GradientCall& call) -> Values {
        return {call.gradient * call.input(1), call.gradient * call.input(0)};
      }));

  add_binary_function(add_elementwise_op<floating>(
      "divide", "a / b", [](auto a, auto b) { return a / b; },
      [](const GradientCall& call) -> Values {
        const Value part = call.gradient / call.input(1);
        return {part, -part * call.output()};
      }));

  add_unary_function(add_elementwise_op<promoted>(
      "negative", "-x", [](auto x) { return -x; },
      [](const GradientCall& call) -> Values { return {-call.gradient}; }));
}

}  // namespace talweg
