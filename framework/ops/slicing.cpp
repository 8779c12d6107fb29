// Parts of a tensor along its axes, and what puts them back.

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// Where the elements that a slice of `whole` takes lie in it.
Walk positions(const Shape& part, const Shape& whole, const Attributes& attributes) {
  const Integers &starts = attributes.integers("starts"), &steps = attributes.integers("steps");
  Integers strides = strides_of(whole);
  std::int64_t start = 0;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    start += starts[axis] * strides[axis];
    strides[axis] *= steps[axis];
  }
  return {part, strides, start};
}

void check_inside(const Integers& sizes, const Shape& whole, const Attributes& attributes) {
  const Integers &starts = attributes.integers("starts"), &steps = attributes.integers("steps");
  const auto rank = static_cast<std::size_t>(whole.rank());
  bool inside = starts.size() == rank && steps.size() == rank && sizes.size() == rank;
  for (std::size_t axis = 0; inside && axis < rank; ++axis) {
    const std::int64_t last = starts[axis] + (sizes[axis] - 1) * steps[axis];
    const auto [low, high] = std::minmax(starts[axis], last);
    inside = sizes[axis] == 0 || (low >= 0 && high < whole[static_cast<int>(axis)]);
  }
  if (!inside)
    throw Error(Status::model,
                "a slice of " + to_string(whole) + " reaches outside: " + to_string(attributes));
}

Inferred infer_slice(const InferCall& call) {
  const Integers& sizes = call.attributes.integers("sizes");
  check_inside(sizes, call.shape(0), call.attributes);
  return {Shape::checked(sizes), call.dtype(0)};
}

template <class T>
void slice_kernel(const ReferenceCall<T>& call) {
  Walk at = positions(call.output.shape, call.inputs[0].shape, call.node.attributes);
  for (std::int64_t i = 0; i < call.output.shape.elements(); ++i, at.next())
    call.output.data[i] = call.inputs[0].data[at.offset()];
}

Values slice_gradient(const GradientCall& call) {
  const Attributes& attributes = call.attributes();
  const Shape& shape = call.input(0).shape();
  return {emit("slice_adjoint", {call.gradient},
               {{"starts", attributes.integers("starts")},
                {"steps", attributes.integers("steps")},
                {"shape", Integers(shape.begin(), shape.end())}})};
}

Inferred infer_slice_adjoint(const InferCall& call) {
  const Shape whole = Shape::checked(call.attributes.integers("shape"));
  const Shape& part = call.shape(0);
  check_inside(Integers(part.begin(), part.end()), whole, call.attributes);
  return {whole, call.dtype(0)};
}

template <class T>
void slice_adjoint_kernel(const ReferenceCall<T>& call) {
  std::fill_n(call.output.data, call.output.shape.elements(), T{0});
  const Shape& part = call.inputs[0].shape;
  Walk at = positions(part, call.output.shape, call.node.attributes);
  for (std::int64_t i = 0; i < part.elements(); ++i, at.next())
    call.output.data[at.offset()] = call.inputs[0].data[i];
}

Values slice_adjoint_gradient(const GradientCall& call) {
  const Shape& part = call.input(0).shape();
  return {slice(call.gradient, call.attributes().integers("starts"), call.attributes().integers("steps"),
                Integers(part.begin(), part.end()))};
}

}  // namespace

void register_slicing() {
  OpRegistry& ops = OpRegistry::instance();
  ops.add({.name = "slice",
           .formula = "along each axis sizes elements of x from starts, steps apart",
           .shape = infer_slice,
           .differentiable = Differentiable::yes,
           .gradient = slice_gradient,
           .reference_float32 = slice_kernel<float>,
           .reference_float64 = slice_kernel<double>});
  ops.add({.name = "slice_adjoint",
           .formula = "zeros of a shape, with x where a slice would take it from",
           .shape = infer_slice_adjoint,
           .differentiable = Differentiable::yes,
           .gradient = slice_adjoint_gradient,
           .reference_float32 = slice_adjoint_kernel<float>,
           .reference_float64 = slice_adjoint_kernel<double>});
}

}  // namespace talweg
