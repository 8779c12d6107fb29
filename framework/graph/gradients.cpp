#include "graph/gradients.hpp"

#include <algorithm>

#include "graph/op.hpp"

namespace talweg {
namespace {

[[noreturn]] void refuse(const Graph& graph, NodeId id, const std::string& message) {
  Error error(Status::model, message);
  const Span place = graph[id].origin.known() ? graph[id].origin : graph.origin();
  if (place.known()) error.at(place.location());
  throw error;
}

void accumulate(Value& total, Value part) { total = total.empty() ? part : total + part; }

}  // namespace

std::vector<bool> reached_from(const Graph& graph, NodeId y, std::span<const Value> wrt) {
  std::vector<bool> reached(y + 1, false);
  for (const Value& x : wrt)
    if (x.id() <= y) reached[x.id()] = true;
  for (NodeId id = 0; id <= y; ++id) {
    const Node& node = graph[id];
    if (reached[id] || node.op->differentiable == Differentiable::never || !is_floating(node.dtype)) continue;
    reached[id] = std::ranges::any_of(node.inputs, [&](NodeId input) { return reached[input]; });
  }
  return reached;
}

std::vector<Value> gradients(Value y, std::span<const Value> wrt) {
  Graph& graph = y.graph();
  if (y.shape().rank() != 0 && y.shape().elements() != 1)
    refuse(graph, y.id(),
           "the gradient of " + graph.describe(y.id()) + " is asked for, which is " + to_string(y.shape()) +
               " and not a scalar");
  if (!is_floating(y.dtype()))
    refuse(graph, y.id(),
           "the gradient of " + graph.describe(y.id()) + " is asked for, which is " +
               std::string(to_string(y.dtype())) + " and not a floating number");
  for (const Value& x : wrt)
    if (!is_floating(x.dtype()))
      refuse(graph, x.id(),
             "the gradient with respect to " + graph.describe(x.id()) + " is asked for, which is " +
                 std::string(to_string(x.dtype())) + " and not floating");

  const std::vector<bool> reached = reached_from(graph, y.id(), wrt);
  std::vector<Value> gradient(y.id() + 1);
  const PhaseScope phase(graph, std::max(graph.phase(), Phase::gradient));
  const OriginScope outer(graph, graph.origin());
  if (reached[y.id()]) gradient[y.id()] = constant(graph, 1, y.shape());

  for (NodeId id = y.id() + 1; id-- > 0;) {
    const Node& node = graph[id];
    if (gradient[id].empty() || node.op->leaf) continue;
    std::vector<bool> needed;
    for (NodeId input : node.inputs) needed.push_back(reached[input] && is_floating(graph[input].dtype));
    if (std::ranges::none_of(needed, [](bool wanted) { return wanted; })) continue;
    if (node.op->differentiable == Differentiable::never) continue;
    graph.set_origin(node.origin.known() ? node.origin : graph.origin());
    if (node.op->gradient == nullptr)
      refuse(graph, id, "op '" + node.op->name + "' of " + graph.describe(id) + " has no gradient rule");
    const std::vector<Value> parts = node.op->gradient({graph, id, gradient[id], needed});
    if (parts.size() != node.inputs.size())
      throw Error(Status::internal, "the gradient rule of '" + node.op->name + "' returns " +
                                        std::to_string(parts.size()) + " values for " +
                                        std::to_string(node.inputs.size()) + " inputs");
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (needed[i] && !parts[i].empty())
        accumulate(gradient[node.inputs[i]], sum_to(parts[i], graph[node.inputs[i]].shape));
  }

  std::vector<Value> result;
  for (const Value& x : wrt) {
    const bool has_gradient = x.id() <= y.id() && !gradient[x.id()].empty();
    Value g = has_gradient ? gradient[x.id()] : constant(graph, 0, x.shape());
    result.push_back(broadcast_to(g, x.shape()));
  }
  return result;
}

}  // namespace talweg
