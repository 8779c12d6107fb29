// Nodes without inputs: what is given from outside, and constants.

#include "ops/registry.hpp"
#include "ops/xtensor.hpp"

namespace talweg {
namespace {

Inferred infer_constant(const InferCall& call) {
  return {Shape::checked(call.attributes.integers("shape")),
          static_cast<DType>(call.attributes.integer("dtype"))};
}

template <class T>
void constant_kernel(const ReferenceCall<T>& call) {
  tensor(call.output).fill(static_cast<T>(call.node.attributes.number("value")));
}

template <class T>
void array_kernel(const ReferenceCall<T>& call) {
  const Numbers& values = call.node.attributes.numbers("values");
  std::ranges::transform(values, call.output.data, [](double value) { return static_cast<T>(value); });
}

Inferred infer_array(const InferCall& call) {
  const Inferred inferred = infer_constant(call);
  if (inferred.shape.elements() != static_cast<std::int64_t>(call.attributes.numbers("values").size()))
    throw Error(Status::internal, "an array of shape " + to_string(inferred.shape) + " holds " +
                                      std::to_string(call.attributes.numbers("values").size()) + " values");
  return inferred;
}

void add_leaf_op(const char* name, const char* formula) {
  Op op;
  op.name = name;
  op.formula = formula;
  op.differentiable = Differentiable::never;
  op.leaf = true;
  OpRegistry::instance().add(std::move(op));
}

}  // namespace

void register_leaves() {
  add_leaf_op("parameter", "trained");
  add_leaf_op("data", "given by the model's data");
  add_leaf_op("state", "lasts from step to step");
  add_leaf_op("scalar", "a hyperparameter, or the number of the step");

  Op constant;
  constant.name = "constant";
  constant.formula = "one value, at every place of a shape";
  constant.shape = infer_constant;
  constant.differentiable = Differentiable::never;
  constant.reference_float32 = constant_kernel<float>;
  constant.reference_float64 = constant_kernel<double>;
  OpRegistry::instance().add(std::move(constant));

  Op array;
  array.name = "array";
  array.formula = "values written in the model file";
  array.shape = infer_array;
  array.differentiable = Differentiable::never;
  array.reference_float32 = array_kernel<float>;
  array.reference_float64 = array_kernel<double>;
  OpRegistry::instance().add(std::move(array));
}

}  // namespace talweg
