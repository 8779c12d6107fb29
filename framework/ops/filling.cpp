// Tensors made of a rule, and a matrix with zeros above a diagonal.

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

Inferred infer_eye(const InferCall& call) {
  const Integers sizes = {call.attributes.integer("rows"), call.attributes.integer("columns")};
  return {Shape::checked(sizes), call.graph.floating()};
}

template <class T>
void eye_kernel(const ReferenceCall<T>& call) {
  const std::int64_t rows = call.output.shape[0], columns = call.output.shape[1];
  const std::int64_t k = call.node.attributes.integer("k");
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; ++column)
      call.output.data[row * columns + column] = column - row == k ? T{1} : T{0};
}

Inferred infer_arange(const InferCall& call) {
  return {Shape::checked(Integers{call.attributes.integer("size")}),
          static_cast<DType>(call.attributes.integer("dtype"))};
}

template <class T>
void arange_kernel(const ReferenceCall<T>& call) {
  const double start = call.node.attributes.number("start"), step = call.node.attributes.number("step");
  for (std::int64_t i = 0; i < call.output.shape.elements(); ++i)
    call.output.data[i] = static_cast<T>(start + static_cast<double>(i) * step);
}

Inferred infer_tril(const InferCall& call) {
  if (call.shape(0).rank() < 2)
    throw Error(Status::model, to_string(call.shape(0)) + " is no matrix, nor a stack of them");
  return {call.shape(0), call.dtype(0)};
}

template <class T>
void tril_kernel(const ReferenceCall<T>& call) {
  const Shape& shape = call.output.shape;
  const std::int64_t rows = shape[shape.rank() - 2], columns = shape[shape.rank() - 1];
  const std::int64_t k = call.node.attributes.integer("k");
  for (std::int64_t i = 0; i < shape.elements(); ++i)
    call.output.data[i] = i % columns - i / columns % rows <= k ? call.inputs[0].data[i] : T{0};
}

Value tril(Value x, std::int64_t k) { return emit("tril", {x}, {{"k", k}}); }

/// The diagonal that a call names; beyond +-2^40 all are alike, and their distances do not overflow.
std::int64_t diagonal(const Arguments& arguments) {
  return std::clamp(arguments.integer("k", 0), -Shape::kMaximumElements, Shape::kMaximumElements);
}

Result eye(const Arguments& arguments) {
  const std::int64_t rows = arguments.integer("N");
  return arguments.graph().add(
      OpRegistry::instance().get("eye"), {},
      {{"rows", rows}, {"columns", arguments.integer("M", rows)}, {"k", diagonal(arguments)}});
}

/// start, start + step, ... before stop, as NumPy counts them: ceil((stop - start) / step) elements. Their
/// distance is the one between the first two.
Result arange(const Arguments& arguments) {
  const bool only_stop = !arguments.has("stop");
  const double start = only_stop ? 0 : arguments.number("start");
  const double stop = arguments.number(only_stop ? "start" : "stop"), step = arguments.number("step", 1);
  if (step == 0) throw Error(Status::model, "arange: the step is 0");
  const double size = std::ceil((stop - start) / step);
  if (!(std::abs(size) <= static_cast<double>(Shape::kMaximumElements)))
    throw Error(Status::model, "arange: more than " + std::to_string(Shape::kMaximumElements) + " elements");
  const bool whole = arguments.is_integer("start") && (only_stop || arguments.is_integer("stop")) &&
                     (!arguments.has("step") || arguments.is_integer("step"));
  return arguments.graph().add(
      OpRegistry::instance().get("arange"), {},
      {{"start", start},
       {"step", (start + step) - start},
       {"size", static_cast<std::int64_t>(std::max(size, 0.0))},
       {"dtype", static_cast<std::int64_t>(whole ? DType::int64 : arguments.graph().floating())}});
}

template <int kValue>
Result filled(const Arguments& arguments) {
  return constant(arguments.graph(), kValue, Shape::checked(arguments.integers("shape")));
}

template <int kValue>
Result filled_like(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  return constant(x.graph(), kValue, x.shape(), x.dtype());
}

Result full(const Arguments& arguments) {
  Graph& graph = arguments.graph();
  return constant(graph, arguments.number("fill_value"), Shape::checked(arguments.integers("shape")),
                  arguments.is_integer("fill_value") ? DType::int64 : graph.floating());
}

/// As NumPy's: a vector is the row of a square matrix.
Result tril_function(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  const bool vector = x.rank() == 1;
  return tril(vector ? broadcast_to(x, Shape::checked(Integers(2, x.shape()[0]))) : x, diagonal(arguments));
}

}  // namespace

void register_filling() {
  OpRegistry& ops = OpRegistry::instance();
  ops.add({.name = "eye",
           .formula = "rows x columns zeros, with 1 on the k-th diagonal above the main one",
           .shape = infer_eye,
           .differentiable = Differentiable::never,
           .reference_float32 = eye_kernel<float>,
           .reference_float64 = eye_kernel<double>});
  ops.add({.name = "arange",
           .formula = "start + i * step for size i",
           .shape = infer_arange,
           .differentiable = Differentiable::never,
           .reference_float32 = arange_kernel<float>,
           .reference_float64 = arange_kernel<double>});
  ops.add({.name = "tril",
           .formula = "x with zeros above the k-th diagonal of its last two axes",
           .shape = infer_tril,
           .differentiable = Differentiable::yes,
           .gradient = [](const GradientCall& call) -> Values {
             return {tril(call.gradient, call.attributes().integer("k"))};
           },
           .reference_float32 = tril_kernel<float>,
           .reference_float64 = tril_kernel<double>});

  FunctionRegistry& functions = FunctionRegistry::instance();
  const FunctionParameter shape{"shape", ArgumentKind::integers}, k{"k", ArgumentKind::integer, false, "0"};
  functions.add({"zeros", "a tensor of zeros", {shape}, filled<0>});
  functions.add({"ones", "a tensor of ones", {shape}, filled<1>});
  functions.add({"zeros_like", "zeros of x's shape and type", {{"x"}}, filled_like<0>});
  functions.add({"ones_like", "ones of x's shape and type", {{"x"}}, filled_like<1>});
  functions.add({"full", "one value everywhere", {shape, {"fill_value", ArgumentKind::number}}, full});
  functions.add({"eye",
                 "N x M zeros, with 1 on the k-th diagonal",
                 {{"N", ArgumentKind::integer}, {"M", ArgumentKind::integer, false, "None"}, k},
                 eye});
  functions.add({"arange",
                 "start, start + step, ... before stop; of one number, it is the stop",
                 {{"start", ArgumentKind::number},
                  {"stop", ArgumentKind::number, false, "None"},
                  {"step", ArgumentKind::number, false, "1"}},
                 arange});
  functions.add({"tril",
                 "x with zeros above its k-th diagonal",
                 {{"x", ArgumentKind::tensor, true, "", "m"}, k},
                 tril_function});
}

}  // namespace talweg
