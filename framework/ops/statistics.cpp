// Functions composed of sums over axes: mean, var, std, logsumexp.

#include <algorithm>
#include <limits>

#include "ops/elementwise.hpp"
#include "ops/reductions.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

Value mean(Value x, const Integers& axes, bool keepdims) {
  return sum(x, axes, keepdims) / static_cast<double>(reduced_elements(x.shape(), axes));
}

Result mean_function(const Arguments& arguments) {
  const auto [x, axes, keepdims] = reduction(arguments, "mean");
  return mean(x, axes, keepdims);
}

/// sum((x - mean)^2) / (n - ddof), in two passes.
Value variance(const Arguments& arguments, const char* name) {
  const auto [x, axes, keepdims] = reduction(arguments, name);
  const auto number = static_cast<double>(reduced_elements(x.shape(), axes));
  const Value squares = apply("square", x - mean(x, axes, true));
  return sum(squares, axes, keepdims) / std::max(number - arguments.number("ddof", 0), 0.0);
}

/// sqrt(var); where that is 0, so is the gradient.
Result standard_deviation(const Arguments& arguments) {
  const Value variance_of_x = variance(arguments, "std");
  const Value constant_x = compare("equal", variance_of_x, 0);
  const Value safe = where(constant_x, constant(variance_of_x.graph(), 1), variance_of_x);
  return where(constant_x, constant(variance_of_x.graph(), 0), apply("sqrt", safe));
}

/// log(sum(exp(x - m))) + m with m the largest x, or 0 where that is infinite.
Result logsumexp(const Arguments& arguments) {
  const auto [x, axes, keepdims] = reduction(arguments, "logsumexp");
  const Value largest = stop_gradient(reduce("max", x, axes, true));
  const Value finite = compare("less", apply("abs", largest), std::numeric_limits<double>::infinity());
  const Value m = where(finite, largest, constant(x.graph(), 0));
  const Value total = sum(apply("exp", x - m), axes, true);
  const Value result = apply("log", total) + m;
  return reshape(result, reduced_shape(x.shape(), axes, keepdims));
}

}  // namespace

void register_statistics() {
  std::vector<FunctionParameter> with_ddof = reduction_parameters();
  with_ddof.insert(with_ddof.begin() + 2, {"ddof", ArgumentKind::number, false, "0"});

  FunctionRegistry& functions = FunctionRegistry::instance();
  functions.add({"mean", "sum / number of elements", reduction_parameters(), mean_function});
  functions.add({"var", "sum((x - mean(x))**2) / (n - ddof)", with_ddof,
                 [](const Arguments& arguments) -> Result { return variance(arguments, "var"); }});
  functions.add({"std", "sqrt(var(x))", with_ddof, standard_deviation});
  functions.add({"logsumexp", "log(sum(exp(x)))", reduction_parameters(), logsumexp});
}

}  // namespace talweg
