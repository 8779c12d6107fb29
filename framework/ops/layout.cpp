// Ops that move elements and compute nothing.

#include <algorithm>
#include <xtensor/xbroadcast.hpp>
#include <xtensor/xmanipulation.hpp>

#include "graph/function.hpp"
#include "ops/reference.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

using Values = std::vector<Value>;

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
    throw Error(Status::model,
                std::to_string(axes.size()) + " axes for a tensor of shape " + to_string(call.shape(0)));
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
  const Integers& axes = call.attributes().integers("axes");
  Integers inverse(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i)
    inverse[static_cast<std::size_t>(axes[i])] = static_cast<std::int64_t>(i);
  return {transpose(call.gradient, inverse)};
}

}  // namespace

void register_layout() {
  Op reshape_op;
  reshape_op.name = "reshape";
  reshape_op.formula = "the same elements in another shape";
  reshape_op.shape = infer_reshape;
  reshape_op.differentiable = Differentiable::yes;
  reshape_op.gradient = [](const GradientCall& call) -> Values {
    return {reshape(call.gradient, call.input(0).shape())};
  };
  TALWEG_REFERENCE(reshape_op, copy_kernel);
  OpRegistry::instance().add(std::move(reshape_op));

  Op broadcast_op;
  broadcast_op.name = "broadcast_to";
  broadcast_op.formula = "x repeated along axes of size 1 and new leading axes";
  broadcast_op.shape = infer_broadcast_to;
  broadcast_op.differentiable = Differentiable::yes;
  broadcast_op.gradient = [](const GradientCall& call) -> Values { return {call.gradient}; };
  TALWEG_REFERENCE(broadcast_op, broadcast_to_kernel);
  OpRegistry::instance().add(std::move(broadcast_op));

  Op transpose_op;
  transpose_op.name = "transpose";
  transpose_op.formula = "axis i of the result is axis axes[i] of x";
  transpose_op.shape = infer_transpose;
  transpose_op.differentiable = Differentiable::yes;
  transpose_op.gradient = transpose_gradient;
  TALWEG_REFERENCE(transpose_op, transpose_kernel);
  OpRegistry::instance().add(std::move(transpose_op));
}

}  // namespace talweg
