// Ops that move elements and compute nothing.

#include "ops/layout.hpp"

#include <algorithm>
#include <talweg/error.hpp>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xmanipulation.hpp>

#include "ops/elementwise.hpp"
#include "ops/reductions.hpp"
#include "ops/registry.hpp"
#include "ops/xtensor.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

Inferred infer_reshape(const InferCall& call) {
  const Shape shape = Shape::checked(call.attributes.integers("shape"));
  if (shape.elements() != call.shape(0).elements())
    throw Error(Status::model, to_string(call.shape(0)) + " has " + std::to_string(call.shape(0).elements()) +
                                   " elements, " + to_string(shape) + " has " +
                                   std::to_string(shape.elements()));
  return {shape, call.dtype(0)};
}

template <class T>
void copy_kernel(const ReferenceCall<T>& call) {
  std::copy_n(call.inputs[0].data, call.output.shape.elements(), call.output.data);
}

Inferred infer_broadcast_to(const InferCall& call) {
  const Shape shape = Shape::checked(call.attributes.integers("shape"));
  const std::optional<Shape> both = broadcast(call.shape(0), shape);
  if (!both || !(*both == shape))
    throw Error(Status::model, to_string(call.shape(0)) + " does not broadcast to " + to_string(shape));
  return {shape, call.dtype(0)};
}

template <class T>
void broadcast_to_kernel(const ReferenceCall<T>& call) {
  write_output(call, input(call, 0));
}

Inferred infer_transpose(const InferCall& call) {
  const Integers& axes = call.attributes.integers("axes");
  Shape shape;
  std::vector<bool> seen(static_cast<std::size_t>(call.shape(0).rank()), false);
  if (axes.size() != seen.size())
    throw Error(Status::model, count(static_cast<std::int64_t>(axes.size()), "axis", "axes") +
                                   " for a tensor of shape " + to_string(call.shape(0)));
  for (std::int64_t axis : axes) {
    const int from = normalize_axis(axis, call.shape(0).rank(), "axes");
    if (seen[static_cast<std::size_t>(from)])
      throw Error(Status::model, "axis " + std::to_string(from) + " is named twice");
    seen[static_cast<std::size_t>(from)] = true;
    shape.append(call.shape(0)[from]);
  }
  return {shape, call.dtype(0)};
}

template <class T>
void transpose_kernel(const ReferenceCall<T>& call) {
  const Integers& axes = call.node.attributes.integers("axes");
  write_output(call, xt::transpose(input(call, 0), std::vector<std::size_t>(axes.begin(), axes.end())));
}

Values transpose_gradient(const GradientCall& call) {
  return {transpose(call.gradient, inverse_permutation(call.attributes().integers("axes")))};
}

/// A shape in which one size may be -1: what is left for it.
Shape complete_shape(Integers sizes, const Shape& x) {
  const auto unknown = std::ranges::find(sizes, -1);
  if (unknown == sizes.end()) return Shape::checked(sizes);
  if (std::ranges::count(sizes, -1) > 1) throw Error(Status::model, "reshape: more than one size is -1");
  *unknown = 1;
  const std::int64_t known = Shape::checked(sizes).elements();
  if (known == 0 || x.elements() % known != 0)
    throw Error(Status::model, "reshape: the " + count(x.elements(), "element") + " of " + to_string(x) +
                                   " are no multiple of the other sizes' product " + std::to_string(known));
  *unknown = x.elements() / known;
  return Shape::checked(sizes);
}

Result reshape_function(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  return reshape(x, complete_shape(arguments.integers("shape"), x.shape()));
}

Result transpose_function(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  Integers axes;
  if (arguments.has("axes")) {
    for (std::int64_t axis : arguments.integers("axes"))
      axes.push_back(normalize_axis(axis, x.rank(), "transpose"));
  } else {
    for (int axis = x.rank(); axis-- > 0;) axes.push_back(axis);
  }
  return transpose(x, axes);
}

Result expand_dims_function(const Arguments& arguments) {
  Value x = arguments.tensor("x");
  const Integers axes = arguments.integers("axis");
  const int rank = x.rank() + static_cast<int>(axes.size());
  for (std::int64_t axis : normalize_axes(axes, rank, "expand_dims"))
    x = expand_dims(x, static_cast<int>(axis));
  return x;
}

Result squeeze(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  Integers axes;
  if (arguments.has("axis")) {
    axes = normalize_axes(arguments.integers("axis"), x.rank(), "squeeze");
  } else {
    for (int axis = 0; axis < x.rank(); ++axis)
      if (x.shape()[axis] == 1) axes.push_back(axis);
  }
  for (std::int64_t axis : axes)
    if (const std::int64_t size = x.shape()[static_cast<int>(axis)]; size != 1)
      throw Error(Status::model, "squeeze: axis " + std::to_string(axis) + " of " + to_string(x.shape()) +
                                     " has size " + std::to_string(size) + " and not 1");
  return reshape(x, reduced_shape(x.shape(), axes, false));
}

void add_functions() {
  FunctionRegistry& functions = FunctionRegistry::instance();
  const FunctionParameter x{"x", ArgumentKind::tensor, true, "", "a"};
  functions.add({"reshape",
                 "the same elements in another shape; -1 stands for what is left",
                 {x, {"shape", ArgumentKind::integers, true, "", "newshape"}},
                 reshape_function});
  functions.add({"broadcast_to",
                 "x repeated along axes of size 1 and new leading axes",
                 {x, {"shape", ArgumentKind::integers}},
                 [](const Arguments& arguments) -> Result {
                   return broadcast_to(arguments.tensor("x"), Shape::checked(arguments.integers("shape")));
                 }});
  functions.add({"transpose",
                 "axis i of the result is axis axes[i] of x; without axes they are reversed",
                 {x, {"axes", ArgumentKind::integers, false, "None"}},
                 transpose_function});
  functions.add({"expand_dims",
                 "x with new axes of size 1",
                 {x, {"axis", ArgumentKind::integers}},
                 expand_dims_function});
  functions.add(
      {"squeeze", "x without axes of size 1", {x, {"axis", ArgumentKind::integers, false, "None"}}, squeeze});
}

}  // namespace

Integers inverse_permutation(const Integers& axes) {
  Integers inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i)
    inverse[static_cast<std::size_t>(axes[i])] = static_cast<std::int64_t>(i);
  return inverse;
}

Value expand_dims(Value x, int axis) {
  Integers sizes(x.shape().begin(), x.shape().end());
  sizes.insert(sizes.begin() + axis, 1);
  return reshape(x, Shape::checked(sizes));
}

Value part_of(Value x, int axis, std::int64_t start, std::int64_t size) {
  const auto rank = static_cast<std::size_t>(x.rank());
  Integers starts(rank, 0), sizes(x.shape().begin(), x.shape().end());
  starts[static_cast<std::size_t>(axis)] = start;
  sizes[static_cast<std::size_t>(axis)] = size;
  return slice(x, starts, Integers(rank, 1), sizes);
}

void register_layout() {
  OpRegistry& ops = OpRegistry::instance();
  ops.add({.name = "reshape",
           .formula = "the same elements in another shape",
           .shape = infer_reshape,
           .differentiable = Differentiable::yes,
           .gradient = [](const GradientCall& call) -> Values {
             return {reshape(call.gradient, call.input(0).shape())};
           },
           .reference_float32 = copy_kernel<float>,
           .reference_float64 = copy_kernel<double>});
  ops.add({.name = "broadcast_to",
           .formula = "x repeated along axes of size 1 and new leading axes",
           .shape = infer_broadcast_to,
           .differentiable = Differentiable::yes,
           .gradient = [](const GradientCall& call) -> Values { return {call.gradient}; },
           .reference_float32 = broadcast_to_kernel<float>,
           .reference_float64 = broadcast_to_kernel<double>});
  ops.add({.name = "transpose",
           .formula = "axis i of the result is axis axes[i] of x",
           .shape = infer_transpose,
           .differentiable = Differentiable::yes,
           .gradient = transpose_gradient,
           .reference_float32 = transpose_kernel<float>,
           .reference_float64 = transpose_kernel<double>});
  add_functions();
}

}  // namespace talweg
