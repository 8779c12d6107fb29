// Along one axis: where the extreme element is, and running sums.

#include <cmath>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/reductions.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

Inferred infer_position(const InferCall& call) {
  const std::int64_t axis = call.attributes.integer("axis");
  if (call.shape(0)[static_cast<int>(axis)] == 0)
    throw Error(Status::model, to_string(call.shape(0)) + " has no elements along axis " +
                                   std::to_string(axis) + ", of which none is extreme");
  return {reduced_shape(call.shape(0), {axis}, call.attributes.flag("keepdims")), DType::int64};
}

/// The first element that `kIsBetter` than all others, or the first NaN.
template <bool kLargest, class T>
void position_kernel(const ReferenceCall<T>& call) {
  const auto axis = static_cast<int>(call.node.attributes.integer("axis"));
  const auto [outer, size, inner] = around(call.inputs[0].shape, axis);
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      const T* line = call.inputs[0].data + o * size * inner + i;
      std::int64_t best = 0;
      for (std::int64_t at = 1; at < size; ++at) {
        const T x = line[at * inner], extreme = line[best * inner];
        const bool better = kLargest ? x > extreme : x < extreme;
        if (!std::isnan(extreme) && (better || std::isnan(x))) best = at;
      }
      call.output.data[o * inner + i] = static_cast<T>(best);
    }
}

template <class T>
void argmax_kernel(const ReferenceCall<T>& call) {
  position_kernel<true>(call);
}

template <class T>
void argmin_kernel(const ReferenceCall<T>& call) {
  position_kernel<false>(call);
}

/// Without an axis the position is one in x laid out flat.
Value position(const char* op, const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  const bool keepdims = arguments.flag("keepdims", false);
  if (arguments.has("axis")) {
    const Integers axes = reduced_axes(Integers{arguments.integer("axis")}, x.rank(), op);
    if (!axes.empty()) return emit(op, {x}, {{"axis", axes.front()}, {"keepdims", keepdims}});
  }
  const Value flat = reshape(x, {x.shape().elements()});
  const Value result = emit(op, {flat}, {{"axis", std::int64_t{0}}, {"keepdims", false}});
  return keepdims ? reshape(result, Shape(Integers(static_cast<std::size_t>(x.rank()), 1))) : result;
}

Inferred infer_cumsum(const InferCall& call) { return {call.shape(0), promote(call.dtype(0), DType::int64)}; }

template <class T>
void cumsum_kernel(const ReferenceCall<T>& call) {
  const auto axis = static_cast<int>(call.node.attributes.integer("axis"));
  const bool reverse = call.node.attributes.flag("reverse");
  const auto [outer, size, inner] = around(call.output.shape, axis);
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < inner; ++i) {
      double total = -0.0;  // plus the first element it is that element, -0 too
      for (std::int64_t step = 0; step < size; ++step) {
        const std::int64_t at = (o * size + (reverse ? size - 1 - step : step)) * inner + i;
        total += static_cast<double>(call.inputs[0].data[at]);
        call.output.data[at] = static_cast<T>(total);
      }
    }
}

Value cumsum(Value x, std::int64_t axis, bool reverse) {
  return emit("cumsum", {x}, {{"axis", axis}, {"reverse", reverse}});
}

Values cumsum_gradient(const GradientCall& call) {
  return {cumsum(call.gradient, call.attributes().integer("axis"), !call.attributes().flag("reverse"))};
}

Result cumsum_function(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  if (!arguments.has("axis")) return cumsum(reshape(x, {x.shape().elements()}), 0, false);
  return cumsum(x, normalize_axis(arguments.integer("axis"), x.rank(), "cumsum"), false);
}

}  // namespace

void register_positions() {
  OpRegistry& ops = OpRegistry::instance();
  ops.add({.name = "argmax",
           .formula = "position of the largest of x along axis: the first of equals, or of NaN",
           .shape = infer_position,
           .differentiable = Differentiable::never,
           .reference_float32 = argmax_kernel<float>,
           .reference_float64 = argmax_kernel<double>});
  ops.add({.name = "argmin",
           .formula = "position of the smallest of x along axis: the first of equals, or of NaN",
           .shape = infer_position,
           .differentiable = Differentiable::never,
           .reference_float32 = argmin_kernel<float>,
           .reference_float64 = argmin_kernel<double>});
  ops.add({.name = "cumsum",
           .formula = "sums of x along axis up to each element; from each element on, if reverse",
           .shape = infer_cumsum,
           .differentiable = Differentiable::yes,
           .gradient = cumsum_gradient,
           .reference_float32 = cumsum_kernel<float>,
           .reference_float64 = cumsum_kernel<double>});

  FunctionRegistry& functions = FunctionRegistry::instance();
  std::vector<FunctionParameter> parameters = reduction_parameters();
  parameters[1].kind = ArgumentKind::integer;
  functions.add({"argmax", "position of the largest along axis, or in x laid out flat", parameters,
                 [](const Arguments& arguments) -> Result { return position("argmax", arguments); }});
  functions.add({"argmin", "position of the smallest along axis, or in x laid out flat", parameters,
                 [](const Arguments& arguments) -> Result { return position("argmin", arguments); }});
  parameters.pop_back();
  functions.add({"cumsum", "running sums along axis, or of x laid out flat", parameters, cumsum_function});
}

}  // namespace talweg
