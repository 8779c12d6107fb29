// Whole numbers near x; and x itself, held constant.

#include <cmath>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {

void register_rounding() {
  using enum ResultType;

  add_unary_function(add_elementwise_op<floating>(
      "floor", "the largest whole number <= x", [](auto x) { return std::floor(x); }, nullptr));
  add_unary_function(add_elementwise_op<floating>(
      "ceil", "the smallest whole number >= x", [](auto x) { return std::ceil(x); }, nullptr));
  add_unary_function(add_elementwise_op<numeric>(
      "round", "the whole number nearest to x, of two the even one", [](auto x) { return std::nearbyint(x); },
      nullptr));
  add_unary_function(add_elementwise_op<promoted>(
      "stop_gradient", "x, through which no gradient flows", [](auto x) { return x; }, nullptr));
}

}  // namespace talweg
