#include "ops/elementwise.hpp"

namespace talweg {

Shape broadcast_inputs(const InferCall& call) {
  Shape shape = call.shape(0);
  for (std::size_t i = 1; i < call.size(); ++i) {
    const std::optional<Shape> both = broadcast(shape, call.shape(i));
    if (!both)
      throw Error(Status::model,
                  "shapes " + to_string(shape) + " and " + to_string(call.shape(i)) + " do not broadcast");
    shape = *both;
  }
  return shape;
}

Value without_sign_of_zero(Value product) {
  return product.dtype() == DType::int64 ? product + constant(product.graph(), 0, {}, DType::int64) : product;
}

void add_unary_function(const Op& op) {
  FunctionRegistry::instance().add({op.name, op.formula, {{"x"}}, nullptr, &op});
}

void add_binary_function(const Op& op) {
  FunctionRegistry::instance().add({op.name, op.formula, {{"a"}, {"b"}}, nullptr, &op});
}

}  // namespace talweg
