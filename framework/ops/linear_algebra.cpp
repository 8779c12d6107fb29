// Products of vectors, matrices and stacks of matrices.

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/registry.hpp"
#include "ops/xtensor.hpp"

namespace talweg {
namespace {

/// The shapes of a matmul with vectors made matrices: a is (batch..., m, k), b is (batch..., k, n).
struct Product {
  Shape batch;
  std::int64_t m, k, n;
};

std::int64_t inner_size_of_right(const Shape& b) { return b[std::max(b.rank() - 2, 0)]; }

/// Throws without a hint where the shapes do not fit.
Product product(const Shape& a, const Shape& b) {
  const std::string both = to_string(a) + " @ " + to_string(b);
  if (a.rank() == 0 || b.rank() == 0)
    throw Error(Status::model, both + ": a scalar has no axis to multiply along");
  const std::int64_t m = a.rank() == 1 ? 1 : a[a.rank() - 2], k = a[a.rank() - 1];
  const std::int64_t inner = inner_size_of_right(b), n = b.rank() == 1 ? 1 : b[b.rank() - 1];
  if (k != inner)
    throw Error(Status::model,
                both + ": inner sizes " + std::to_string(k) + " and " + std::to_string(inner) + " differ");
  const auto stack = [](const Shape& shape) {
    return Shape(shape.sizes().first(static_cast<std::size_t>(std::max(shape.rank() - 2, 0))));
  };
  const std::optional<Shape> batch = broadcast(stack(a), stack(b));
  if (!batch) throw Error(Status::model, both + ": the leading axes do not broadcast");
  return {*batch, m, k, n};
}

/// "[3, 1]", as a model file writes it.
std::string as_written(const Shape& shape) {
  std::string text = "[";
  for (int axis = 0; axis < shape.rank(); ++axis)
    text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + "]";
}

/// A parameter of a model file can be given a shape that fits, unless it is both inputs; of two, the right
/// one.
std::string hint(const InferCall& call) {
  const auto is_parameter = [&](std::size_t i) {
    const Node& node = call.graph[call.inputs[i]];
    return node.op->name == "parameter" && node.origin.known() && call.graph.phase() != Phase::update;
  };
  if (call.inputs[0] == call.inputs[1]) return "";
  Shape a = call.shape(0), b = call.shape(1);
  if (a.rank() == 0 || b.rank() == 0 || a[a.rank() - 1] == inner_size_of_right(b)) return "";
  if (is_parameter(1)) {
    b[std::max(b.rank() - 2, 0)] = a[a.rank() - 1];
    return "{1} could have shape " + as_written(b);
  }
  if (!is_parameter(0)) return "";
  a[a.rank() - 1] = inner_size_of_right(b);
  return "{0} could have shape " + as_written(a);
}

Inferred infer_matmul(const InferCall& call) {
  const Shape &a = call.shape(0), &b = call.shape(1);
  try {
    const Product p = product(a, b);
    Shape shape = p.batch;
    if (a.rank() > 1) shape.append(p.m);
    if (b.rank() > 1) shape.append(p.n);
    return {shape, promote(promote(call.dtype(0), call.dtype(1)), DType::int64)};
  } catch (Error& error) {
    throw error.set_hint(hint(call));
  }
}

/// a @ b for matrices; vectors and stacks are brought to that form by the rules above.
template <class T>
void matmul_kernel(const ReferenceCall<T>& call) {
  const Shape &a = call.inputs[0].shape, &b = call.inputs[1].shape;
  const Product p = product(a, b);
  const auto broadcast_stack = [&](const TensorView<const T>& view, std::int64_t rows, std::int64_t columns) {
    std::vector<std::size_t> own(view.shape.begin(), view.shape.end() - std::min(view.shape.rank(), 2)), full;
    for (std::int64_t size : p.batch) full.push_back(static_cast<std::size_t>(size));
    for (std::int64_t size : {rows, columns}) {
      own.push_back(static_cast<std::size_t>(size));
      full.push_back(static_cast<std::size_t>(size));
    }
    const xt::xarray<T> matrices = xt::reshape_view(tensor(view), own);
    return xt::xarray<T>(xt::broadcast(matrices, full));
  };
  const xt::xarray<T> left = broadcast_stack(call.inputs[0], p.m, p.k),
                      right = broadcast_stack(call.inputs[1], p.k, p.n);
  for (std::int64_t matrix = 0; matrix < p.batch.elements(); ++matrix)
    for (std::int64_t i = 0; i < p.m; ++i)
      for (std::int64_t j = 0; j < p.n; ++j) {
        double totals[2] = {0, 0};  // of even and odd terms: two short sums lose less than a long one
        for (std::int64_t l = 0; l < p.k; ++l)
          totals[l % 2] += static_cast<double>(left.data()[(matrix * p.m + i) * p.k + l]) *
                           static_cast<double>(right.data()[(matrix * p.k + l) * p.n + j]);
        call.output.data[(matrix * p.m + i) * p.n + j] = static_cast<T>(totals[0] + totals[1]);
      }
}

Shape with_axis(const Shape& shape, int axis) {
  Integers sizes(shape.begin(), shape.end());
  sizes.insert(sizes.end() - axis, 1);
  return Shape(sizes);
}

/// C = A B:  dA = dC B^T,  dB = A^T dC, with vectors as one-row or one-column matrices.
std::vector<Value> matmul_gradient(const GradientCall& call) {
  const Value a = call.input(0), b = call.input(1);
  const Value left = a.rank() == 1 ? reshape(a, {1, a.shape()[0]}) : a;
  const Value right = b.rank() == 1 ? reshape(b, {b.shape()[0], 1}) : b;
  Value gradient = call.gradient;
  if (b.rank() == 1) gradient = reshape(gradient, with_axis(gradient.shape(), 0));
  if (a.rank() == 1) gradient = reshape(gradient, with_axis(gradient.shape(), 1));
  std::vector<Value> result(2);
  if (call.needed[0]) result[0] = sum_to(matmul(gradient, matrix_transpose(right)), left.shape());
  if (call.needed[1]) result[1] = sum_to(matmul(matrix_transpose(left), gradient), right.shape());
  if (a.rank() == 1 && call.needed[0]) result[0] = reshape(result[0], a.shape());
  if (b.rank() == 1 && call.needed[1]) result[1] = reshape(result[1], b.shape());
  return result;
}

}  // namespace

void register_linear_algebra() {
  OpRegistry::instance().add({.name = "matmul",
                              .formula = "a @ b: (..., m, k) @ (..., k, n) -> (..., m, n)",
                              .shape = infer_matmul,
                              .differentiable = Differentiable::yes,
                              .gradient = matmul_gradient,
                              .reference_float32 = matmul_kernel<float>,
                              .reference_float64 = matmul_kernel<double>});
}

}  // namespace talweg
