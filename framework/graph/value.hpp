#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace talweg {

/// A node of a graph in the hand of whoever builds one: arithmetic on values appends nodes. An empty value
/// stands for "no node": an input that no gradient reaches.
class Value {
 public:
  Value() = default;
  Value(Graph& graph, NodeId id) : graph_(&graph), id_(id) {}

  [[nodiscard]] bool empty() const { return graph_ == nullptr; }
  [[nodiscard]] Graph& graph() const { return *graph_; }
  [[nodiscard]] NodeId id() const { return id_; }
  [[nodiscard]] const Node& node() const { return (*graph_)[id_]; }
  [[nodiscard]] const Shape& shape() const { return node().shape; }
  [[nodiscard]] DType dtype() const { return node().dtype; }
  [[nodiscard]] int rank() const { return shape().rank(); }

 private:
  Graph* graph_ = nullptr;
  NodeId id_ = kNoNode;
};

/// Appends op `name` applied to `inputs`. Throws Error as Graph::add does.
Value emit(std::string_view name, std::initializer_list<Value> inputs, Attributes attributes = {});
Value emit(std::string_view name, const std::vector<Value>& inputs, Attributes attributes = {});

/// A scalar, or a tensor of `shape` filled with it, of the graph's floating type.
Value constant(Graph& graph, double value, const Shape& shape = {});
Value constant(Graph& graph, double value, const Shape& shape, DType dtype);

Value operator-(Value x);
Value operator+(Value a, Value b);
Value operator-(Value a, Value b);
Value operator*(Value a, Value b);
Value operator/(Value a, Value b);
Value operator+(Value a, double b);
Value operator+(double a, Value b);
Value operator-(Value a, double b);
Value operator-(double a, Value b);
Value operator*(Value a, double b);
Value operator*(double a, Value b);
Value operator/(Value a, double b);
Value operator/(double a, Value b);

/// Elementwise functions of one value that need no attributes, by op name: apply("exp", x).
Value apply(std::string_view op, Value x);
/// `a` where `condition` is not zero, else `b`; broadcasts.
Value where(Value condition, Value a, Value b);
/// Comparison ops "equal", "not_equal", "less", "less_equal", "greater", "greater_equal".
Value compare(std::string_view op, Value a, Value b);
Value compare(std::string_view op, Value a, double b);

/// Sum over `axes` (normalized, ascending).
Value sum(Value x, const Integers& axes, bool keepdims = false);
Value sum_all(Value x);
Value reshape(Value x, const Shape& shape);
Value broadcast_to(Value x, const Shape& shape);
/// Axis i of the result is axis axes[i] of x.
Value transpose(Value x, const Integers& axes);
/// The last two axes exchanged. REQUIRES: rank >= 2.
Value matrix_transpose(Value x);
Value matmul(Value a, Value b);
Value concatenate(const std::vector<Value>& parts, int axis);
/// Along axis i: sizes[i] elements from starts[i], steps[i] apart (steps may be negative, not 0).
Value slice(Value x, const Integers& starts, const Integers& steps, const Integers& sizes);
/// x, through which no gradient flows.
Value stop_gradient(Value x);

/// x summed over the axes along which `shape` was broadcast to x's shape: what undoes a broadcast in a
/// gradient.
Value sum_to(Value x, const Shape& shape);

}  // namespace talweg
