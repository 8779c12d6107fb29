// Reductions over axes: sum, prod, max, min.

#include "ops/reductions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/layout.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

Inferred infer_total(const InferCall& call) {
  return {reduced_shape(call.shape(0), call.attributes.integers("axes"), call.attributes.flag("keepdims")),
          promote(call.dtype(0), DType::int64)};
}

Inferred infer_extreme(const InferCall& call) {
  if (reduced_elements(call.shape(0), call.attributes.integers("axes")) == 0)
    throw Error(Status::model, to_string(call.shape(0)) + " has no elements, of which none is extreme");
  return {infer_total(call).shape, call.dtype(0)};
}

/// Folds the elements of each result with F, in double and in row-major order.
template <class F, class T>
void reduction_kernel(const ReferenceCall<T>& call) {
  const Shape& shape = call.inputs[0].shape;
  const Shape kept = reduced_shape(shape, call.node.attributes.integers("axes"), true);
  std::vector<double> results(static_cast<std::size_t>(kept.elements()), F::kInitial);
  Walk at(shape, broadcast_strides(kept, shape));
  for (std::int64_t i = 0; i < shape.elements(); ++i, at.next()) {
    double& result = results[static_cast<std::size_t>(at.offset())];
    result = F::fold(result, static_cast<double>(call.inputs[0].data[i]));
  }
  std::ranges::transform(results, call.output.data, [](double value) { return static_cast<T>(value); });
}

struct Sum {
  static constexpr double kInitial = 0;
  static double fold(double a, double b) { return a + b; }
};

struct Product {
  static constexpr double kInitial = 1;
  static double fold(double a, double b) { return a * b; }
};

struct Maximum {
  static constexpr double kInitial = -std::numeric_limits<double>::infinity();
  static double fold(double a, double b) { return b > a || std::isnan(b) ? b : a; }
};

struct Minimum {
  static constexpr double kInitial = std::numeric_limits<double>::infinity();
  static double fold(double a, double b) { return b < a || std::isnan(b) ? b : a; }
};

const Integers& axes_of(const GradientCall& call) { return call.attributes().integers("axes"); }

Values sum_gradient(const GradientCall& call) {
  const Shape& shape = call.input(0).shape();
  return {broadcast_to(expand(call.gradient, shape, axes_of(call)), shape)};
}

/// The gradient is shared evenly among the elements that are the extreme one.
Values extreme_gradient(const GradientCall& call) {
  const Value x = call.input(0);
  const Integers& axes = axes_of(call);
  const Value chosen = compare("equal", x, expand(call.output(), x.shape(), axes));
  const Value share = expand(call.gradient, x.shape(), axes) / sum(chosen, axes, true);
  return {where(chosen, share, constant(call.graph, 0))};
}

Value columns(Value x, std::int64_t start, std::int64_t step, std::int64_t number) {
  return slice(x, {0, start}, {1, step}, {x.shape()[0], number});
}

/// x is (rows, n): for each element the product of the others in its row. Products of pairs, pairs of pairs
/// and so on, and back: no element is divided by, so zeros do no harm, to derivatives of any order.
Value products_of_others(Value x) {
  const std::int64_t rows = x.shape()[0], n = x.shape()[1], half = (n + 1) / 2;
  if (n == 1) return constant(x.graph(), 1, x.shape());
  if (n % 2 == 1) x = concatenate({x, constant(x.graph(), 1, {rows, 1})}, 1);
  const Value even = columns(x, 0, 2, half), odd = columns(x, 1, 2, half);
  const Value others = products_of_others(even * odd);
  const Value pairs =
      concatenate({reshape(others * odd, {rows, half, 1}), reshape(others * even, {rows, half, 1})}, 2);
  const Value result = reshape(pairs, {rows, 2 * half});
  return n % 2 == 1 ? columns(result, 0, 1, n) : result;
}

Values prod_gradient(const GradientCall& call) {
  const Value x = call.input(0);
  const Integers& axes = axes_of(call);
  const std::int64_t n = reduced_elements(x.shape(), axes);
  if (x.shape().elements() == 0) return {constant(call.graph, 0, x.shape())};
  Integers order;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (!std::ranges::binary_search(axes, axis)) order.push_back(axis);
  order.insert(order.end(), axes.begin(), axes.end());
  const Value last = transpose(x, order);
  const Value others = products_of_others(reshape(last, {x.shape().elements() / n, n}));
  const Value restored = transpose(reshape(others, last.shape()), inverse_permutation(order));
  return {expand(call.gradient, x.shape(), axes) * restored};
}

template <class F>
void add_reduction(const char* name, const char* formula, ShapeRule shape, GradientRule gradient) {
  OpRegistry::instance().add({.name = name,
                              .formula = formula,
                              .shape = shape,
                              .differentiable = Differentiable::yes,
                              .gradient = gradient,
                              .reference_float32 = reduction_kernel<F, float>,
                              .reference_float64 = reduction_kernel<F, double>});
}

/// The function that is the op of that name.
template <const char* kName>
void add_reduction_function(const char* summary) {
  FunctionRegistry::instance().add(
      {kName, summary, reduction_parameters(), [](const Arguments& arguments) -> Result {
         const auto [x, axes, keepdims] = reduction(arguments, kName);
         return reduce(kName, x, axes, keepdims);
       }});
}

constexpr char kSum[] = "sum", kMax[] = "max", kMin[] = "min";

Result prod(const Arguments& arguments) {
  const auto [x, axes, keepdims] = reduction(arguments, "prod");
  return without_sign_of_zero(reduce("prod", x, axes, keepdims));
}

}  // namespace

Shape reduced_shape(const Shape& shape, const Integers& axes, bool keepdims) {
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduced = std::ranges::binary_search(axes, axis);
    if (!reduced || keepdims) result.append(reduced ? 1 : shape[axis]);
  }
  return result;
}

Value expand(Value reduced, const Shape& input, const Integers& axes) {
  return reshape(reduced, reduced_shape(input, axes, true));
}

std::int64_t reduced_elements(const Shape& shape, const Integers& axes) {
  std::int64_t number = 1;
  for (std::int64_t axis : axes) number *= shape[static_cast<int>(axis)];
  return number;
}

Integers reduced_axes(const std::optional<Integers>& axis, int rank, const std::string& name) {
  const bool names_scalar =
      rank == 0 && axis && axis->size() == 1 && (axis->front() == 0 || axis->front() == -1);
  return names_scalar ? Integers{} : normalize_axes(axis, rank, name);
}

int last_axis_or(const Arguments& arguments, int rank, const std::string& name) {
  return normalize_axis(arguments.integer("axis", -1), rank, name);
}

std::vector<FunctionParameter> reduction_parameters() {
  return {{"x", ArgumentKind::tensor, true, "", "a"},
          {"axis", ArgumentKind::integers, false, "None", "dim"},
          {"keepdims", ArgumentKind::flag, false, "False", "keepdim"}};
}

Reduction reduction(const Arguments& arguments, const std::string& name) {
  const Value x = arguments.tensor("x");
  return {x, reduced_axes(arguments.optional_integers("axis"), x.rank(), name),
          arguments.flag("keepdims", false)};
}

Value reduce(const char* op, Value x, const Integers& axes, bool keepdims) {
  return emit(op, {x}, {{"axes", axes}, {"keepdims", keepdims}});
}

void register_reductions() {
  add_reduction<Sum>("sum", "sum of x over axes", infer_total, sum_gradient);
  add_reduction<Product>("prod", "product of x over axes", infer_total, prod_gradient);
  // NaN where one element is.
  add_reduction<Maximum>("max", "largest of x over axes", infer_extreme, extreme_gradient);
  add_reduction<Minimum>("min", "smallest of x over axes", infer_extreme, extreme_gradient);

  add_reduction_function<kSum>("sum over axis, or of all");
  FunctionRegistry::instance().add({"prod", "product over axis, or of all", reduction_parameters(), prod});
  add_reduction_function<kMax>("largest over axis, or of all; NaN where one is");
  add_reduction_function<kMin>("smallest over axis, or of all; NaN where one is");
}

}  // namespace talweg
