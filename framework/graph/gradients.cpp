#include "graph/gradients.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include "graph/op.hpp"

namespace talweg {
namespace {

[[noreturn]] void refuse(const Graph& graph, NodeId id, const std::string& message) {
  Error error(Status::model, message);
  const Span place = graph[id].origin.known() ? graph[id].origin : graph.origin();
  if (place.known()) error.at(place.location());
  throw error;
}

/// The one axis along which a "slice_adjoint" puts its input between zeros, where its steps are 1 and there
/// is one.
std::optional<int> axis_between_zeros(const Node& node, const Shape& part) {
  std::optional<int> found;
  for (int axis = 0; axis < node.shape.rank(); ++axis) {
    if (part[axis] == node.shape[axis]) continue;
    if (found) return std::nullopt;
    found = axis;
  }
  const auto is_one = [](std::int64_t step) { return step == 1; };
  return std::ranges::all_of(node.attributes.integers("steps"), is_one) ? found : std::nullopt;
}

/// What slices of a tensor gave back, next to each other: of x cut into n pieces the gradient is n pieces put
/// together, and not the sum of n tensors of x's shape that are 0 almost everywhere. Takes those that it
/// joins out of `parts`; empty where there are no two.
Value take_joined(std::vector<Value>& parts) {
  struct Piece {
    std::int64_t start;
    Value value;
    std::size_t number;
  };
  std::optional<int> along;
  Shape whole;
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Node& node = parts[i].node();
    if (node.op->name != "slice_adjoint") continue;
    const Value inner(parts[i].graph(), node.inputs[0]);
    const std::optional<int> axis = axis_between_zeros(node, inner.shape());
    if (!axis || (along && *along != *axis)) continue;
    along = axis;
    whole = node.shape;
    pieces.push_back({node.attributes.integers("starts")[static_cast<std::size_t>(*axis)], inner, i});
  }
  std::ranges::stable_sort(pieces, {}, &Piece::start);
  std::vector<Value> row;
  std::vector<std::size_t> taken;
  std::int64_t end = 0;
  const auto fill_up_to = [&](std::int64_t start) {
    if (start == end) return;
    Shape shape = whole;
    shape[*along] = start - end;
    row.push_back(constant(parts[0].graph(), 0, shape));
  };
  for (const Piece& piece : pieces) {
    if (piece.start < end) continue;  // it overlaps
    fill_up_to(piece.start);
    row.push_back(piece.value);
    taken.push_back(piece.number);
    end = piece.start + piece.value.shape()[*along];
  }
  if (taken.size() < 2) return {};
  fill_up_to(whole[*along]);
  const Value joined = concatenate(row, *along);
  std::ranges::sort(taken, std::greater<>());
  for (std::size_t number : taken) parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(number));
  return joined;
}

Value total_of(std::vector<Value> parts) {
  Value total;
  const auto add = [&](Value part) { total = total.empty() ? part : total + part; };
  for (Value joined = take_joined(parts); !joined.empty(); joined = take_joined(parts)) add(joined);
  for (const Value& part : parts) add(part);
  return total;
}

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
  std::vector<std::vector<Value>> parts_of(y.id() + 1);
  std::vector<Value> gradient(y.id() + 1);
  const PhaseScope phase(graph, std::max(graph.phase(), Phase::gradient));
  const OriginScope outer(graph, graph.origin());
  if (reached[y.id()]) parts_of[y.id()].push_back(constant(graph, 1, y.shape()));

  for (NodeId id = y.id() + 1; id-- > 0;) {
    const Node& node = graph[id];
    if (parts_of[id].empty()) continue;
    gradient[id] = total_of(std::move(parts_of[id]));
    if (node.op->leaf) continue;
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
        parts_of[node.inputs[i]].push_back(sum_to(parts[i], graph[node.inputs[i]].shape));
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
