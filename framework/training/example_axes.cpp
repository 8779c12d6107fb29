#include "training/example_axes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "graph/op.hpp"

namespace talweg {
namespace {

constexpr ExampleAxis kAll{ExampleAxis::Kind::all, 0};

ExampleAxis each(int axis) { return {ExampleAxis::Kind::each, axis}; }

bool contains(const Integers& axes, int axis) { return std::ranges::find(axes, axis) != axes.end(); }

/// What a rule sees: a node with at least one input of kind `each` and none of kind `all`.
struct Call {
  const Graph& graph;
  const Node& node;
  const std::vector<ExampleAxis>& axes;
  std::int64_t examples;

  [[nodiscard]] const Node& input(std::size_t i) const { return graph[node.inputs[i]]; }
  [[nodiscard]] ExampleAxis axis(std::size_t i) const { return axes[node.inputs[i]]; }
  [[nodiscard]] bool is_each(std::size_t i) const { return axis(i).kind == ExampleAxis::Kind::each; }
};

using Rule = ExampleAxis (*)(const Call&);

/// Brings the axes of inputs that broadcast together to one of the result, aligned at the last axis. An input
/// without examples has to be the same for all of them: one value along that axis.
ExampleAxis broadcast_rule(const Call& call) {
  const int rank = call.node.shape.rank();
  std::optional<int> axis;
  for (std::size_t i = 0; i < call.node.inputs.size(); ++i) {
    if (!call.is_each(i)) continue;
    const int at = call.axis(i).axis + rank - call.input(i).shape.rank();
    if (axis.value_or(at) != at) return kAll;
    axis = at;
  }
  for (std::size_t i = 0; i < call.node.inputs.size(); ++i) {
    const int at = *axis - (rank - call.input(i).shape.rank());
    if (!call.is_each(i) && at >= 0 && call.input(i).shape[at] != 1 && call.input(i).op->name != "constant")
      return kAll;
  }
  return each(*axis);
}

ExampleAxis matmul_rule(const Call& call) {
  const int rank = call.node.shape.rank();
  const int ranks[] = {call.input(0).shape.rank(), call.input(1).shape.rank()};
  const int batch = rank - (ranks[0] > 1 ? 1 : 0) - (ranks[1] > 1 ? 1 : 0);
  std::optional<int> result;
  for (std::size_t i = 0; i < 2; ++i) {
    if (!call.is_each(i)) continue;
    const int axis = call.axis(i).axis, contracted = i == 0 ? ranks[0] - 1 : std::max(ranks[1] - 2, 0);
    if (axis == contracted) return kAll;
    const bool is_batch = axis < ranks[i] - 2;
    const int at = is_batch ? axis + batch - (ranks[i] - 2) : i == 0 ? batch : rank - 1;
    if (result.value_or(at) != at || (result && !is_batch)) return kAll;
    result = at;
    const int other = at - batch + ranks[1 - i] - 2;
    if (is_batch && !call.is_each(1 - i) && other >= 0 && ranks[1 - i] > 2 &&
        call.input(1 - i).shape[other] != 1)
      return kAll;
  }
  return each(*result);
}

/// The examples stay in their order where the axes before them hold as many elements as before.
ExampleAxis reshape_rule(const Call& call) {
  const Shape &from = call.input(0).shape, &to = call.node.shape;
  std::int64_t before = 1, now = 1;
  for (int axis = 0; axis < call.axis(0).axis; ++axis) before *= from[axis];
  for (int axis = 0; axis < to.rank(); now *= to[axis++])
    if (now == before && to[axis] != 1 && to[axis] % call.examples == 0) return each(axis);
  return kAll;
}

ExampleAxis transpose_rule(const Call& call) {
  const Integers& axes = call.node.attributes.integers("axes");
  const auto comes_from = [&](std::int64_t axis) {
    return normalize_axis(axis, call.node.shape.rank(), "axes") == call.axis(0).axis;
  };
  return each(static_cast<int>(std::ranges::find_if(axes, comes_from) - axes.begin()));
}

/// Over axes that the attribute names, and that the result may lack.
ExampleAxis reduction_rule(const Call& call, const Integers& reduced) {
  const int axis = call.axis(0).axis;
  if (contains(reduced, axis)) return kAll;
  if (call.node.attributes.flag("keepdims")) return each(axis);
  return each(axis - static_cast<int>(std::ranges::count_if(reduced, [&](auto a) { return a < axis; })));
}

ExampleAxis axes_rule(const Call& call) {
  return reduction_rule(call, call.node.attributes.integers("axes"));
}

ExampleAxis position_rule(const Call& call) {
  return reduction_rule(call, {call.node.attributes.integer("axis")});
}

/// Works along one axis only.
ExampleAxis one_axis_rule(const Call& call) {
  return call.node.attributes.integer("axis") == call.axis(0).axis ? kAll : call.axis(0);
}

ExampleAxis joining_rule(const Call& call) {
  for (std::size_t i = 0; i < call.node.inputs.size(); ++i)
    if (!(call.axis(i) == call.axis(0))) return kAll;
  return one_axis_rule(call);
}

ExampleAxis take_rule(const Call& call) {
  const auto axis = static_cast<int>(call.node.attributes.integer("axis"));
  if (call.is_each(0) && call.is_each(1)) return kAll;
  if (call.is_each(1)) return each(axis + call.axis(1).axis);
  const int at = call.axis(0).axis;
  return at == axis ? kAll : each(at < axis ? at : at + call.input(1).shape.rank() - 1);
}

ExampleAxis slice_rule(const Call& call) {
  const auto axis = static_cast<std::size_t>(call.axis(0).axis);
  const bool whole = call.node.shape[call.axis(0).axis] == call.input(0).shape[call.axis(0).axis] &&
                     call.node.attributes.integers("starts")[axis] == 0 &&
                     call.node.attributes.integers("steps")[axis] == 1;
  return whole ? call.axis(0) : kAll;
}

/// Works on the axes behind those that count; further inputs are the same for all examples.
template <int kAxes>
ExampleAxis last_axes_rule(const Call& call) {
  for (std::size_t i = 1; i < call.node.inputs.size(); ++i)
    if (call.is_each(i)) return kAll;
  const ExampleAxis axis = call.axis(0);
  return call.is_each(0) && axis.axis < call.input(0).shape.rank() - kAxes ? axis : kAll;
}

const std::map<std::string_view, Rule>& rules() {
  static const std::map<std::string_view, Rule> all = {{"matmul", matmul_rule},
                                                       {"reshape", reshape_rule},
                                                       {"broadcast_to", broadcast_rule},
                                                       {"transpose", transpose_rule},
                                                       {"sum", axes_rule},
                                                       {"prod", axes_rule},
                                                       {"max", axes_rule},
                                                       {"min", axes_rule},
                                                       {"argmax", position_rule},
                                                       {"argmin", position_rule},
                                                       {"cumsum", one_axis_rule},
                                                       {"concatenate", joining_rule},
                                                       {"take_along_axis", joining_rule},
                                                       {"take", take_rule},
                                                       {"one_hot", last_axes_rule<0>},
                                                       {"slice", slice_rule},
                                                       {"slice_adjoint", slice_rule},
                                                       {"conv2d", last_axes_rule<3>},
                                                       {"conv2d_input_adjoint", last_axes_rule<3>},
                                                       {"max_pool2d_positions", last_axes_rule<2>},
                                                       {"sum_pool2d", last_axes_rule<2>},
                                                       {"tril", last_axes_rule<2>}};
  return all;
}

ExampleAxis axis_of(const Call& call) {
  bool any = false;
  for (std::size_t i = 0; i < call.node.inputs.size(); ++i) {
    if (call.axis(i).kind == ExampleAxis::Kind::all) return kAll;
    any = any || call.is_each(i);
  }
  if (!any) return {};
  if (call.node.op->elementwise) return broadcast_rule(call);
  const auto rule = rules().find(call.node.op->name);
  return rule == rules().end() ? kAll : rule->second(call);
}

}  // namespace

std::vector<ExampleAxis> example_axes(const Graph& graph, std::span<const NodeId> data,
                                      std::int64_t examples) {
  std::vector<ExampleAxis> axes(graph.size());
  for (NodeId id : data) axes[id] = each(0);
  for (NodeId id = 0; id < graph.size(); ++id) {
    const Node& node = graph[id];
    // One value for every example, as the first state of a recurrent layer.
    if (node.op->name == "constant" && node.shape.rank() > 0 && node.shape[0] == examples) axes[id] = each(0);
    if (!node.inputs.empty()) axes[id] = axis_of({graph, node, axes, examples});
  }
  return axes;
}

}  // namespace talweg
