#pragma once

#include <string>
#include <utility>

#include "graph/function.hpp"
#include "ops/reference.hpp"

namespace talweg {

// How the families of elementwise ops are registered: one call an op, with a scalar function as its
// definition.

/// The type of an elementwise result.
enum class ResultType : std::uint8_t {
  floating,  ///< integers become floating: exp, divide
  promoted,  ///< NumPy's promotion of the inputs: add, maximum
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
  return {broadcast_inputs(call), dtype};
}

/// Applies F elementwise with broadcasting; F takes one, two or three scalars.
template <class F, class T>
void elementwise_kernel(const ReferenceCall<T>& call) {
  if constexpr (std::is_invocable_v<F, T>) {
    write_output(call, xt::make_lambda_xfunction(F{}, input(call, 0)));
  } else if constexpr (std::is_invocable_v<F, T, T>) {
    write_output(call, xt::make_lambda_xfunction(F{}, input(call, 0), input(call, 1)));
  } else {
    write_output(call, xt::make_lambda_xfunction(F{}, input(call, 0), input(call, 1), input(call, 2)));
  }
}

/// An elementwise op defined by the scalar function F; `gradient` null means that none flows.
template <ResultType kType, class F>
const Op& add_elementwise_op(std::string name, std::string formula, F, GradientRule gradient) {
  Op op;
  op.name = std::move(name);
  op.formula = std::move(formula);
  op.shape = infer_elementwise<kType>;
  op.differentiable = gradient == nullptr ? Differentiable::never : Differentiable::yes;
  op.gradient = gradient;
  op.reference_float32 = elementwise_kernel<F, float>;
  op.reference_float64 = elementwise_kernel<F, double>;
  op.elementwise = true;
  return OpRegistry::instance().add(std::move(op));
}

/// The function of the model language that calls the op of that name with one tensor "x", or two, "a" and
/// "b".
void add_unary_function(const Op& op);
void add_binary_function(const Op& op);

}  // namespace talweg
