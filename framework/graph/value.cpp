#include "graph/value.hpp"

#include <algorithm>

#include "graph/op.hpp"

namespace talweg {
namespace {

Integers to_integers(const Shape& shape) { return {shape.begin(), shape.end()}; }

}  // namespace

Value emit(std::string_view name, const std::vector<Value>& inputs, Attributes attributes) {
  if (inputs.empty())
    throw Error(Status::internal, "emit(\"" + std::string(name) + "\") needs a graph or an input");
  std::vector<NodeId> ids;
  ids.reserve(inputs.size());
  for (const Value& input : inputs) ids.push_back(input.id());
  return inputs.front().graph().add(OpRegistry::instance().get(name), std::move(ids), std::move(attributes));
}

Value emit(std::string_view name, std::initializer_list<Value> inputs, Attributes attributes) {
  return emit(name, std::vector<Value>(inputs), std::move(attributes));
}

Value constant(Graph& graph, double value, const Shape& shape) {
  return constant(graph, value, shape, graph.floating());
}

Value constant(Graph& graph, double value, const Shape& shape, DType dtype) {
  return graph.add(
      OpRegistry::instance().get("constant"), {},
      {{"value", value}, {"shape", to_integers(shape)}, {"dtype", static_cast<std::int64_t>(dtype)}});
}

Value operator-(Value x) { return emit("negative", {x}); }
Value operator+(Value a, Value b) { return emit("add", {a, b}); }
Value operator-(Value a, Value b) { return emit("subtract", {a, b}); }
Value operator*(Value a, Value b) { return emit("multiply", {a, b}); }
Value operator/(Value a, Value b) { return emit("divide", {a, b}); }
Value operator+(Value a, double b) { return a + constant(a.graph(), b); }
Value operator+(double a, Value b) { return constant(b.graph(), a) + b; }
Value operator-(Value a, double b) { return a - constant(a.graph(), b); }
Value operator-(double a, Value b) { return constant(b.graph(), a) - b; }
Value operator*(Value a, double b) { return a * constant(a.graph(), b); }
Value operator*(double a, Value b) { return constant(b.graph(), a) * b; }
Value operator/(Value a, double b) { return a / constant(a.graph(), b); }
Value operator/(double a, Value b) { return constant(b.graph(), a) / b; }

Value apply(std::string_view op, Value x) { return emit(op, {x}); }
Value where(Value condition, Value a, Value b) { return emit("where", {condition, a, b}); }
Value compare(std::string_view op, Value a, Value b) { return emit(op, {a, b}); }
Value compare(std::string_view op, Value a, double b) { return emit(op, {a, constant(a.graph(), b)}); }

Value sum(Value x, const Integers& axes, bool keepdims) {
  return emit("sum", {x}, {{"axes", axes}, {"keepdims", keepdims}});
}

Value sum_all(Value x) {
  Integers axes;
  for (int axis = 0; axis < x.rank(); ++axis) axes.push_back(axis);
  return sum(x, axes);
}

Value reshape(Value x, const Shape& shape) {
  return x.shape() == shape ? x : emit("reshape", {x}, {{"shape", to_integers(shape)}});
}

Value broadcast_to(Value x, const Shape& shape) {
  return x.shape() == shape ? x : emit("broadcast_to", {x}, {{"shape", to_integers(shape)}});
}

Value transpose(Value x, const Integers& axes) { return emit("transpose", {x}, {{"axes", axes}}); }

Value matrix_transpose(Value x) {
  Integers axes;
  for (int axis = 0; axis < x.rank(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return transpose(x, axes);
}

Value matmul(Value a, Value b) { return emit("matmul", {a, b}); }

Value concatenate(const std::vector<Value>& parts, int axis) {
  return emit("concatenate", parts, {{"axis", std::int64_t{axis}}});
}

Value slice(Value x, const Integers& starts, const Integers& steps, const Integers& sizes) {
  return emit("slice", {x}, {{"starts", starts}, {"steps", steps}, {"sizes", sizes}});
}

Value stop_gradient(Value x) { return emit("stop_gradient", {x}); }

Value sum_to(Value x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const int extra = x.rank() - shape.rank();
  Integers axes;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (axis < extra || (shape[axis - extra] == 1 && x.shape()[axis] != 1)) axes.push_back(axis);
  return reshape(axes.empty() ? x : sum(x, axes), shape);
}

}  // namespace talweg
