#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "graph/function.hpp"
#include "ops/reference.hpp"

namespace talweg {

// How the families of elementwise ops are registered: one call an op, with a scalar function as its
// definition.

/// What a gradient rule returns: one value an input.
using Values = std::vector<Value>;

/// The type of an elementwise result.
enum class ResultType : std::uint8_t {
  floating,  ///< integers become floating: exp, divide
  promoted,  ///< NumPy's promotion of the inputs: multiply, maximum
  numeric,   ///< the same, but of booleans alone int64: add, which counts them
  boolean    ///< comparisons
};

/// The broadcast shape of all inputs; throws "shapes (4, 3) and (2,) do not broadcast".
[[nodiscard]] Shape broadcast_inputs(const InferCall& call);

template <ResultType kType>
Inferred infer_elementwise(const InferCall& call) {
  DType dtype = DType::boolean;
  for (std::size_t i = 0; i < call.size(); ++i) dtype = promote(dtype, call.dtype(i));
  if (kType == ResultType::boolean) dtype = DType::boolean;
  if (kType == ResultType::floating) dtype = call.graph.floating();
  if (kType == ResultType::numeric) dtype = promote(dtype, DType::int64);
  return {broadcast_inputs(call), dtype};
}

/// Applies F elementwise with broadcasting; F takes one, two or three scalars. It is made from the node's
/// attributes where it has any.
template <class F, class T>
void elementwise_kernel(const ReferenceCall<T>& call) {
  const F f = [&] {
    if constexpr (std::is_constructible_v<F, const Attributes&>)
      return F(call.node.attributes);
    else
      return F{};
  }();
  std::vector<Walk> at;
  for (const TensorView<const T>& input : call.inputs)
    at.emplace_back(call.output.shape, broadcast_strides(input.shape, call.output.shape));
  const auto x = [&](std::size_t i) { return call.inputs[i].data[at[i].offset()]; };
  const std::int64_t elements = call.output.shape.elements();
  for (T* out = call.output.data; out != call.output.data + elements; ++out) {
    if constexpr (std::is_invocable_v<F, T>)
      *out = static_cast<T>(f(x(0)));
    else if constexpr (std::is_invocable_v<F, T, T>)
      *out = static_cast<T>(f(x(0), x(1)));
    else
      *out = static_cast<T>(f(x(0), x(1), x(2)));
    for (Walk& walk : at) walk.next();
  }
}

/// An elementwise op defined by the scalar function F; `gradient` null means that none flows.
template <class F>
const Op& add_elementwise_op(const char* name, const char* formula, ShapeRule shape, GradientRule gradient) {
  return OpRegistry::instance().add(
      {.name = name,
       .formula = formula,
       .shape = shape,
       .differentiable = gradient == nullptr ? Differentiable::never : Differentiable::yes,
       .gradient = gradient,
       .reference_float32 = elementwise_kernel<F, float>,
       .reference_float64 = elementwise_kernel<F, double>,
       .elementwise = true});
}

/// The same for a lambda.
template <ResultType kType, class F>
const Op& add_elementwise_op(const char* name, const char* formula, F, GradientRule gradient) {
  return add_elementwise_op<F>(name, formula, infer_elementwise<kType>, gradient);
}

/// Products of integers, in which a floating element would keep the sign of -1 * 0; other values as they are.
[[nodiscard]] Value without_sign_of_zero(Value product);

/// The function of the model language that calls the op of that name with one tensor "x", or two, "a" and
/// "b".
void add_unary_function(const Op& op);
void add_binary_function(const Op& op);

}  // namespace talweg
