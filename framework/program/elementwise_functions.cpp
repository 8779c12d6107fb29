#include "program/elementwise_functions.hpp"

#include <algorithm>
#include <array>

namespace talweg {
namespace {

/// In the order of kernels::Elementwise.
constexpr std::array<std::string_view, kernels::kElementwiseCount> kNames = {
    "copy",   "negative",   "exp",      "expm1",         "log",
    "log1p",  "sqrt",       "abs",      "sign",          "floor",
    "ceil",   "round",      "sin",      "cos",           "tan",
    "arcsin", "arccos",     "arctan",   "sinh",          "cosh",
    "tanh",   "sigmoid",    "relu",     "gelu",          "gelu_derivative",
    "silu",   "erf",        "square",   "reciprocal",    "leaky_relu",
    "elu",    "add",        "subtract", "multiply",      "divide",
    "power",  "maximum",    "minimum",  "equal",         "not_equal",
    "less",   "less_equal", "greater",  "greater_equal", "softplus",
    "where"};

}  // namespace

std::optional<kernels::Elementwise> find_elementwise(std::string_view op) {
  if (op == "stop_gradient") return kernels::Elementwise::copy;
  const auto found = std::ranges::find(kNames, op);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<kernels::Elementwise>(found - kNames.begin());
}

bool is_simple(kernels::Elementwise function) {
  using enum kernels::Elementwise;
  static constexpr std::array kSimple = {
      copy,   negative,   sqrt,       abs,        sign,     floor,         ceil,   round,   relu,
      square, reciprocal, leaky_relu, add,        subtract, multiply,      divide, maximum, minimum,
      equal,  not_equal,  less,       less_equal, greater,  greater_equal, where};
  return std::ranges::find(kSimple, function) != kSimple.end();
}

std::string_view name_of(kernels::Elementwise function) { return kNames[static_cast<std::size_t>(function)]; }

}  // namespace talweg
