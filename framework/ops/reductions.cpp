// Reductions over axes.

#include <algorithm>
#include <xtensor/xreducer.hpp>

#include "graph/function.hpp"
#include "ops/reference.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

Shape reduced_shape(const Shape& shape, const Integers& axes, bool keepdims) {
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduced = std::ranges::find(axes, axis) != axes.end();
    if (!reduced || keepdims) result.append(reduced ? 1 : shape[axis]);
  }
  return result;
}

/// A gradient (or extreme) of a reduction's output, as a tensor that broadcasts against its input.
Value expand(Value reduced, const Shape& input, const Integers& axes) {
  return reshape(reduced, reduced_shape(input, axes, true));
}

Inferred infer_sum(const InferCall& call) {
  const DType dtype = call.dtype(0) == DType::boolean ? DType::int64 : call.dtype(0);
  return {reduced_shape(call.shape(0), call.attributes.integers("axes"), call.attributes.flag("keepdims")),
          dtype};
}

template <class T>
void sum_kernel(const ReferenceCall<T>& call) {
  const Integers& axes = call.node.attributes.integers("axes");
  const std::vector<std::size_t> over(axes.begin(), axes.end());
  // Summed in double, so that a long float32 sum keeps its small terms.
  const xt::xarray<double> total = xt::sum<double>(xt::cast<double>(input(call, 0)), over);
  std::ranges::transform(total, call.output.data, [](double value) { return static_cast<T>(value); });
}

std::vector<Value> sum_gradient(const GradientCall& call) {
  const Value x = call.input(0);
  return {broadcast_to(expand(call.gradient, x.shape(), call.attributes().integers("axes")), x.shape())};
}

struct Reduction {
  Value x;
  Integers axes;
  bool keepdims;
};

Reduction reduction(const Arguments& arguments, const std::string& name) {
  const Value x = arguments.tensor("x");
  return {x, normalize_axes(arguments.optional_integers("axis"), x.rank(), name),
          arguments.flag("keepdims", false)};
}

const std::vector<FunctionParameter> kReductionParameters = {
    {"x"}, {"axis", ArgumentKind::integers, false, "None"}, {"keepdims", ArgumentKind::flag, false, "False"}};

}  // namespace

void register_reductions() {
  Op sum_op;
  sum_op.name = "sum";
  sum_op.formula = "sum of x over axes";
  sum_op.shape = infer_sum;
  sum_op.differentiable = Differentiable::yes;
  sum_op.gradient = sum_gradient;
  TALWEG_REFERENCE(sum_op, sum_kernel);
  OpRegistry::instance().add(std::move(sum_op));

  FunctionRegistry& functions = FunctionRegistry::instance();
  functions.add(
      {"sum", "sum over axis, or of all", kReductionParameters, [](const Arguments& arguments) -> Result {
         const auto [x, axes, keepdims] = reduction(arguments, "sum");
         return sum(x, axes, keepdims);
       }});
  functions.add(
      {"mean", "sum / number of elements", kReductionParameters, [](const Arguments& arguments) -> Result {
         const auto [x, axes, keepdims] = reduction(arguments, "mean");
         double number = 1;
         for (std::int64_t axis : axes) number *= static_cast<double>(x.shape()[static_cast<int>(axis)]);
         return sum(x, axes, keepdims) / number;
       }});
}

}  // namespace talweg
