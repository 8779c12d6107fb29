// Functions that multiply vectors, matrices and stacks of them: matmul, dot, outer.

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/reductions.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// a @ b, where a stack of matrices by one matrix is the product of one tall matrix: so is its gradient by b,
/// for which nothing has to be summed over the stack.
Value rows_by_matrix(Value a, Value b) {
  if (a.rank() <= 2 || b.rank() != 2 || a.shape()[a.rank() - 1] != b.shape()[0]) return matmul(a, b);
  Shape shape = a.shape();
  shape[a.rank() - 1] = 1;
  const std::int64_t rows = shape.elements();
  shape[a.rank() - 1] = b.shape()[1];
  return reshape(matmul(reshape(a, {rows, b.shape()[0]}), b), shape);
}

/// a @ b; of booleans: is there a pair that is true?
Value multiply_matrices(Value a, Value b) {
  const Value product = rows_by_matrix(a, b);
  const bool boolean = a.dtype() == DType::boolean && b.dtype() == DType::boolean;
  return boolean ? compare("not_equal", product, 0) : product;
}

Shape shape_of_product(const Shape& a, const Shape& b) {
  const int inner = std::max(b.rank() - 2, 0);
  if (a[a.rank() - 1] != b[inner])
    throw Error(Status::model, "dot: " + to_string(a) + " . " + to_string(b) + ": inner sizes " +
                                   std::to_string(a[a.rank() - 1]) + " and " + std::to_string(b[inner]) +
                                   " differ");
  Integers sizes(a.begin(), a.end() - 1);
  for (int axis = 0; axis < b.rank(); ++axis)
    if (axis != inner) sizes.push_back(b[axis]);
  return Shape::checked(sizes);
}

/// Sums over the last axis of a and the last but one of b: a (..., k) . b (..., k, n). Unlike matmul, every
/// row of a meets every column of b.
Result dot(const Arguments& arguments) {
  const Value a = arguments.tensor("a"), b = arguments.tensor("b");
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  const Shape result = shape_of_product(a.shape(), b.shape());
  if (b.rank() <= 2) return multiply_matrices(a, b);
  const int inner = b.rank() - 2;
  const std::int64_t k = b.shape()[inner];
  Integers order = {inner};
  for (int axis = 0; axis < b.rank(); ++axis)
    if (axis != inner) order.push_back(axis);
  const std::int64_t rows = Shape(a.shape().sizes().first(static_cast<std::size_t>(a.rank() - 1))).elements();
  const std::int64_t columns = reduced_shape(b.shape(), {inner}, false).elements();
  return reshape(multiply_matrices(reshape(a, {rows, k}), reshape(transpose(b, order), {k, columns})),
                 result);
}

/// a_i b_j of tensors laid out flat.
Result outer(const Arguments& arguments) {
  const Value a = arguments.tensor("a"), b = arguments.tensor("b");
  return reshape(a, {a.shape().elements(), 1}) * reshape(b, {1, b.shape().elements()});
}

}  // namespace

void register_products() {
  FunctionRegistry& functions = FunctionRegistry::instance();
  functions.add({"matmul",
                 "a @ b: (..., m, k) @ (..., k, n) -> (..., m, n)",
                 {{"a"}, {"b"}},
                 [](const Arguments& arguments) -> Result {
                   return multiply_matrices(arguments.tensor("a"), arguments.tensor("b"));
                 }});
  functions.add({"dot", "sums over the last axis of a and the last but one of b", {{"a"}, {"b"}}, dot});
  functions.add({"outer", "a_i * b_j of tensors laid out flat", {{"a"}, {"b"}}, outer});
}

}  // namespace talweg
