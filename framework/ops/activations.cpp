// Elementwise functions of neural networks, as PyTorch defines them.

#include <cmath>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

using Values = std::vector<Value>;

}  // namespace

void register_activations() {
  using enum ResultType;

  add_unary_function(add_elementwise_op<floating>(
      "sigmoid", "1 / (1 + exp(-x))", [](auto x) { return 1 / (1 + std::exp(-x)); },
      [](const GradientCall& call) -> Values {
        return {call.gradient * (call.output() * (1 - call.output()))};
      }));
}

}  // namespace talweg
