#include <algorithm>
#include <bit>
#include <vector>

#include "program/simplify/rewriter.hpp"

namespace talweg {
namespace {

/// Larger results are computed when the program runs, so that it does not carry them along.
constexpr std::int64_t kMaximumElements = 1 << 16;

bool is_constant(const Node& node) { return node.op->name == "constant" || node.op->name == "array"; }

template <class T>
void evaluate(const Node& node, std::vector<T>& out, const std::vector<std::vector<T>>& values,
              const std::vector<Shape>& shapes) {
  std::vector<TensorView<const T>> inputs;
  for (std::size_t i = 0; i < values.size(); ++i) inputs.push_back({values[i].data(), shapes[i]});
  const ReferenceCall<T> call{node, inputs, {out.data(), node.shape}};
  if constexpr (std::is_same_v<T, float>)
    node.op->reference_float32(call);
  else
    node.op->reference_float64(call);
}

template <class T>
Numbers value_of(const Node& node, const Graph& graph) {
  std::vector<std::vector<T>> values;
  std::vector<Shape> shapes;
  for (NodeId input : node.inputs) {
    const Node& from = graph[input];
    shapes.push_back(from.shape);
    evaluate<T>(from, values.emplace_back(static_cast<std::size_t>(from.shape.elements())), {}, {});
  }
  std::vector<T> out(static_cast<std::size_t>(node.shape.elements()));
  evaluate<T>(node, out, values, shapes);
  return {out.begin(), out.end()};
}

}  // namespace

/// An op of constants becomes a constant. Its value is that of the reference kernel.
NodeId fold_constants(Rewriter& rewriter, const Candidate& candidate) {
  const Graph& graph = rewriter.graph();
  if (candidate.op.name == "constant" || candidate.op.name == "array" ||
      candidate.op.reference_float64 == nullptr)
    return kNoNode;
  if (!std::ranges::all_of(candidate.inputs, [&](NodeId input) {
        return is_constant(graph[input]) && graph[input].shape.elements() <= kMaximumElements;
      }))
    return kNoNode;
  const Inferred inferred = candidate.op.shape({graph, candidate.inputs, candidate.attributes});
  const std::int64_t elements = inferred.shape.elements();
  if (elements == 0 || elements > kMaximumElements) return kNoNode;
  Node node;
  node.op = &candidate.op;
  node.inputs = candidate.inputs;
  node.attributes = candidate.attributes;
  node.shape = inferred.shape;
  node.dtype = inferred.dtype;
  const Numbers values =
      graph.floating() == DType::float32 ? value_of<float>(node, graph) : value_of<double>(node, graph);
  const Attributes place = {{"shape", Integers(node.shape.begin(), node.shape.end())},
                            {"dtype", static_cast<std::int64_t>(node.dtype)}};
  const bool all_one = std::ranges::all_of(values, [&](double value) {
    return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(values[0]);
  });
  Attributes attributes;
  if (all_one)
    attributes.set("value", values[0]);
  else
    attributes.set("values", values);
  for (const auto& [name, attribute] : place.entries()) attributes.set(name, attribute);
  return rewriter.append(all_one ? "constant" : "array", {}, std::move(attributes));
}

}  // namespace talweg
