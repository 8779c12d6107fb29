#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.hpp"
#include "graph/value.hpp"

namespace talweg {

/// What a shape rule sees.
struct InferCall {
  const Graph& graph;
  std::span<const NodeId> inputs;
  const Attributes& attributes;

  [[nodiscard]] std::size_t size() const { return inputs.size(); }
  [[nodiscard]] const Shape& shape(std::size_t input) const { return graph[inputs[input]].shape; }
  [[nodiscard]] DType dtype(std::size_t input) const { return graph[inputs[input]].dtype; }
};

struct Inferred {
  Shape shape;
  DType dtype;
};

/// Shape and type of the result. Throws Error{model} that says what is wrong with the inputs, without the
/// op's name. In its hint, {0} and {1} stand for the inputs' names; the hint is dropped where one has none.
using ShapeRule = Inferred (*)(const InferCall&);

/// What a gradient rule sees: the node, and the gradient that reaches its output (the cotangent).
struct GradientCall {
  Graph& graph;
  NodeId id;
  Value gradient;
  const std::vector<bool>& needed;  ///< by input: is its gradient asked for?

  [[nodiscard]] const Node& node() const { return graph[id]; }
  [[nodiscard]] Value output() const { return {graph, id}; }
  [[nodiscard]] Value input(std::size_t i) const { return {graph, node().inputs[i]}; }
  [[nodiscard]] const Attributes& attributes() const { return node().attributes; }
};

/// The gradient of each input; an empty value where none flows. A rule does not undo broadcasting: the driver
/// sums each gradient to its input's shape.
using GradientRule = std::vector<Value> (*)(const GradientCall&);

/// A dense row-major tensor in somebody else's memory.
template <class T>
struct TensorView {
  T* data = nullptr;
  Shape shape;
};

/// What a reference kernel sees.
template <class T>
struct ReferenceCall {
  const Node& node;
  std::span<const TensorView<const T>> inputs;
  TensorView<T> output;
};

template <class T>
using ReferenceKernel = void (*)(const ReferenceCall<T>&);

/// Does a gradient flow through an op?
enum class Differentiable : std::uint8_t {
  yes,     ///< by `gradient`
  never,   ///< none flows: comparisons, floor, integer results
  missing  ///< nobody wrote a rule: asking for it is an error that names op and node
};

/// An operation: its shape rule, gradient rule and reference kernel, kept together in one file of ops/.
struct Op {
  std::string name;
  std::string formula;  ///< one line for people: "1 / (1 + exp(-x))"
  ShapeRule shape = nullptr;
  Differentiable differentiable = Differentiable::missing;
  GradientRule gradient = nullptr;
  ReferenceKernel<float> reference_float32 = nullptr;
  ReferenceKernel<double> reference_float64 = nullptr;
  bool elementwise =
      false;          ///< each output element depends on the inputs' elements at its (broadcast) place only
  bool leaf = false;  ///< its value is given from outside
};

/// The ops there are. Filled once by register_ops() (ops/registry.hpp); an op's address is stable.
class OpRegistry {
 public:
  static OpRegistry& instance();
  /// REQUIRES: no op of that name is registered.
  const Op& add(Op op);
  [[nodiscard]] const Op* find(std::string_view name) const;
  /// Throws Error{internal} if there is none.
  [[nodiscard]] const Op& get(std::string_view name) const;
  [[nodiscard]] std::vector<const Op*> all() const;

 private:
  std::deque<Op> ops_;
  std::map<std::string, const Op*, std::less<>> by_name_;
};

}  // namespace talweg
