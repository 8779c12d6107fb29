// How ops that are not elementwise become steps.

#include <algorithm>
#include <limits>
#include <map>

#include "program/lowering.hpp"
#include "program/steps/convolution_step.hpp"
#include "program/steps/copy_step.hpp"
#include "program/steps/index_row.hpp"
#include "program/steps/max_pool_step.hpp"
#include "program/steps/product_step.hpp"
#include "program/steps/random_step.hpp"
#include "program/steps/reduction_step.hpp"
#include "program/steps/reference_step.hpp"
#include "program/steps/scatter_step.hpp"
#include "program/steps/take_along_step.hpp"
#include "program/steps/zero_step.hpp"

namespace talweg {
namespace {

/// The kept axes in front, the others behind them.
Integers reduced_last(int rank, const Integers& reduced) {
  Integers axes;
  for (int axis = 0; axis < rank; ++axis)
    if (std::ranges::find(reduced, axis) == reduced.end()) axes.push_back(axis);
  axes.insert(axes.end(), reduced.begin(), reduced.end());
  return axes;
}

void lower_reduction(Lowering& lowering, NodeId id, kernels::Reduction reduction) {
  const Node& node = lowering.node(id);
  const Integers& axes = node.attributes.integers("axes");
  View x = lowering.view_of(node.inputs[0]);
  const int rank = x.shape.rank(), count = static_cast<int>(axes.size());
  int first = count == 0 ? rank : static_cast<int>(axes.front());
  const bool adjacent = count == 0 || axes.back() - axes.front() == count - 1;
  if (!adjacent) {
    x = lowering.copied(transpose(x, reduced_last(rank, axes)));
    first = rank - count;
  } else if (!is_contiguous(x)) {
    x = lowering.contiguous_view_of(node.inputs[0]);
  }
  const View to = lowering.new_value(id);
  lowering.add(std::make_unique<ReductionStep>(reduction, x, to, elements_between(x.shape, 0, first),
                                               elements_between(x.shape, first, first + count),
                                               elements_between(x.shape, first + count, rank)));
}

template <kernels::Reduction kReduction>
void lower_reduction_as(Lowering& lowering, NodeId id) {
  lower_reduction(lowering, id, kReduction);
}

/// The view with `batch` as its leading axes.
View with_batch(const View& view, const Shape& batch) {
  Shape shape = batch;
  shape.append(view.shape[view.shape.rank() - 2]);
  shape.append(view.shape[view.shape.rank() - 1]);
  return broadcast_to(view, shape);
}

/// The last two axes exchanged.
View matrix_transposed(const View& view) {
  Integers axes;
  for (int axis = 0; axis < view.shape.rank(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return transpose(view, axes);
}

void lower_matmul(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  View a = lowering.view_of(node.inputs[0]), b = lowering.view_of(node.inputs[1]);
  if (a.shape.rank() == 1) a = *reshape(a, {1, a.shape[0]});
  if (b.shape.rank() == 1) b = *reshape(b, {b.shape[0], 1});
  const auto stack = [](const View& view) {
    return Shape(view.shape.sizes().first(static_cast<std::size_t>(view.shape.rank() - 2)));
  };
  Shape shape = *broadcast(stack(a), stack(b));
  a = with_batch(a, shape);
  b = with_batch(b, shape);
  const std::int64_t m = a.shape[a.shape.rank() - 2], n = b.shape[b.shape.rank() - 1];
  const std::int64_t k = a.shape[a.shape.rank() - 1];
  const bool large = ProductStep::is_large(m, n, k, lowering.dtype());
  // One row times a transposed matrix is that matrix times one column.
  const bool exchange = !large && m == 1 && n != 1 && !ProductStep::accepts_right(b, large);
  if (exchange) {
    std::swap(a, b);
    a = matrix_transposed(a);
    b = matrix_transposed(b);
  }
  if (!ProductStep::accepts_left(a, large)) a = lowering.copied(a);
  if (!ProductStep::accepts_right(b, large)) b = lowering.copied(b);
  shape.append(exchange ? n : m);
  shape.append(exchange ? m : n);
  const View to = lowering.new_value(id);
  lowering.add(std::make_unique<ProductStep>(a, b, contiguous_view(to.buffer, shape), large));
}

/// A buffer of the arena whose whole value this view is, and which may still be put anywhere.
bool is_movable(const Plan& plan, const View& view) {
  const Buffer& buffer = plan.buffers[view.buffer];
  return buffer.kind == Buffer::Kind::arena && !buffer.whole && view.offset == 0 &&
         view.shape.elements() == buffer.elements && is_contiguous(view);
}

/// Pieces that are one after the other in memory are computed where they belong; others are copied.
void lower_concatenate(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  std::vector<View> pieces;
  for (NodeId input : node.inputs) pieces.push_back(lowering.view_of(input));
  const View to = lowering.new_value(id);
  const bool in_order = elements_between(node.shape, 0, axis) == 1;
  std::size_t ready = 0;
  std::int64_t begin = 0;
  for (const View& piece : pieces) {
    const std::int64_t offset = begin * to.stride(axis);
    begin += piece.shape[axis];
    if (in_order && is_movable(lowering.plan(), piece)) {
      Buffer& buffer = lowering.plan().buffers[piece.buffer];
      buffer.whole = to.buffer;
      buffer.offset = offset;
      ready = std::max(ready, lowering.ready(piece.buffer));
      continue;
    }
    View place = to;
    place.offset = offset;
    place.shape = piece.shape;
    lowering.add(std::make_unique<CopyStep>(piece, place));
  }
  lowering.ready(to.buffer) = std::max(ready, lowering.ready(to.buffer));
}

void lower_slice_adjoint(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const View from = lowering.view_of(node.inputs[0]);
  const View to = lowering.new_value(id);
  lowering.add(std::make_unique<ZeroStep>(to));
  const Integers sizes(from.shape.begin(), from.shape.end());
  lowering.add(std::make_unique<CopyStep>(
      from, slice(to, node.attributes.integers("starts"), node.attributes.integers("steps"), sizes)));
}

/// By one index for each part of x behind the axis of the result.
void lower_take_adjoint(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  const View x = lowering.contiguous_view_of(node.inputs[0]),
             indices = lowering.contiguous_view_of(node.inputs[1]);
  lowering.add(
      std::make_unique<ScatterStep>(x, indices, lowering.new_value(id), axis, IndexStrides{0, 1, 0}));
}

NodeId before_reshape(const Lowering& lowering, NodeId id) {
  return lowering.node(id).op->name == "reshape" ? lowering.node(id).inputs[0] : id;
}

/// The max_pool2d_positions node whose planes are the rows of indices along that axis, or null.
const Node* places_of_largest(const Lowering& lowering, NodeId indices, int axis) {
  const Node& positions = lowering.node(before_reshape(lowering, indices));
  const Shape& shape = lowering.node(indices).shape;
  if (positions.op->name != "max_pool2d_positions" || axis != shape.rank() - 1) return nullptr;
  const auto last = [&](int from_end) { return positions.shape[positions.shape.rank() - from_end]; };
  return shape[axis] == last(1) * last(2) ? &positions : nullptr;
}

/// Are no two indices along an axis of that size equal, but for those outside? So it is where there is but
/// one, along the last axis, and for those of the largest elements of windows that share nothing.
bool are_distinct(const Lowering& lowering, NodeId indices, int axis, std::int64_t size) {
  const Shape& shape = lowering.node(indices).shape;
  if (axis == shape.rank() - 1 && shape[axis] == 1) return true;
  const Node* positions = places_of_largest(lowering, indices, axis);
  if (positions == nullptr) return false;
  const Shape& x = lowering.node(positions->inputs[0]).shape;
  if (size != x[x.rank() - 2] * x[x.rank() - 1]) return false;
  return std::ranges::all_of(pooling_axes(x, positions->attributes), [](const WindowAxis& along) {
    return along.stride > (along.kernel - 1) * along.dilation;
  });
}

/// By an index for each element of x.
void lower_take_along_axis_adjoint(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  const View x = lowering.contiguous_view_of(node.inputs[0]),
             indices = lowering.contiguous_view_of(node.inputs[1]);
  const std::int64_t inner = elements_between(x.shape, axis + 1, x.shape.rank());
  lowering.add(std::make_unique<ScatterStep>(x, indices, lowering.new_value(id), axis,
                                             IndexStrides{x.shape[axis] * inner, inner, 1},
                                             are_distinct(lowering, node.inputs[1], axis, node.shape[axis])));
}

/// The step that finds the largest elements that the node takes from whole planes, or null; null, too, where
/// another node has taken them.
MaxPoolStep* pooling_before(Lowering& lowering, const Node& node) {
  const auto axis = static_cast<int>(node.attributes.integer("axis"));
  const Node* positions = places_of_largest(lowering, node.inputs[1], axis);
  if (positions == nullptr) return nullptr;
  const NodeId x = node.inputs[0], pooled = positions->inputs[0];
  const Shape& planes = lowering.node(pooled).shape;
  if (before_reshape(lowering, x) != before_reshape(lowering, pooled) ||
      lowering.node(x).shape[axis] != planes[planes.rank() - 2] * planes[planes.rank() - 1])
    return nullptr;
  auto* pooling = dynamic_cast<MaxPoolStep*>(lowering.writer_of(lowering.view_of(node.inputs[1])));
  return pooling == nullptr || pooling->writes_largest() ? nullptr : pooling;
}

void lower_take_along_axis(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const double outside = is_floating(node.dtype) ? std::numeric_limits<double>::quiet_NaN() : 0;
  if (MaxPoolStep* pooling = pooling_before(lowering, node))
    return pooling->write_largest(lowering.new_value_beside(id, lowering.view_of(node.inputs[1])), outside);
  const View x = lowering.contiguous_view_of(node.inputs[0]),
             indices = lowering.contiguous_view_of(node.inputs[1]);
  lowering.add(std::make_unique<TakeAlongStep>(x, indices, lowering.new_value(id),
                                               static_cast<int>(node.attributes.integer("axis")), outside));
}

template <ConvolutionKind kKind>
void lower_convolution(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const View first = lowering.contiguous_view_of(node.inputs[0]),
             second = lowering.contiguous_view_of(node.inputs[1]);
  const Convolution sizes = convolution_of(node, first.shape, second.shape);
  if (!ConvolutionStep::fits(sizes))
    return lowering.add(
        std::make_unique<ReferenceStep>(node, std::vector{first, second}, lowering.new_value(id)));
  lowering.add(std::make_unique<ConvolutionStep>(kKind, sizes, first, second, lowering.new_value(id)));
}

/// By the reference kernel; threads divide the first axis unless the op works along it.
void lower_by_slices(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const Attribute* axis = node.attributes.find("axis");
  const int first_of_op =
      axis == nullptr ? node.shape.rank() - 2 : static_cast<int>(std::get<std::int64_t>(*axis));
  std::vector<View> inputs;
  for (NodeId input : node.inputs) inputs.push_back(lowering.contiguous_view_of(input));
  using enum ReferenceStep::Slices;
  lowering.add(std::make_unique<ReferenceStep>(node, std::move(inputs), lowering.new_value(id),
                                               first_of_op > 0 ? independent : depend));
}

void lower_max_pool(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const View x = lowering.contiguous_view_of(node.inputs[0]);
  if (x.shape.elements() == 0) return lower_by_slices(lowering, id);
  lowering.add(
      std::make_unique<MaxPoolStep>(pooling_axes(x.shape, node.attributes), x, lowering.new_value(id)));
}

void lower_random(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const View step = lowering.view_of(node.inputs[0]);
  lowering.add(std::make_unique<RandomStep>(node, step, lowering.new_value(id)));
}

void lower_reshape(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  const std::optional<View> view = reshape(lowering.view_of(node.inputs[0]), node.shape);
  lowering.set_view(id, view ? *view : *reshape(lowering.contiguous_view_of(node.inputs[0]), node.shape));
}

void lower_transpose(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  lowering.set_view(id, transpose(lowering.view_of(node.inputs[0]), node.attributes.integers("axes")));
}

void lower_broadcast_to(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  lowering.set_view(id, broadcast_to(lowering.view_of(node.inputs[0]), node.shape));
}

void lower_slice(Lowering& lowering, NodeId id) {
  const Node& node = lowering.node(id);
  lowering.set_view(id, slice(lowering.view_of(node.inputs[0]), node.attributes.integers("starts"),
                              node.attributes.integers("steps"), node.attributes.integers("sizes")));
}

}  // namespace

LowerOp find_lowered_op(std::string_view op) {
  using enum kernels::Reduction;
  using enum ConvolutionKind;
  static const std::map<std::string_view, LowerOp> kOps = {
      {"sum", lower_reduction_as<sum>},
      {"prod", lower_reduction_as<prod>},
      {"max", lower_reduction_as<max>},
      {"min", lower_reduction_as<min>},
      {"matmul", lower_matmul},
      {"concatenate", lower_concatenate},
      {"slice_adjoint", lower_slice_adjoint},
      {"take_adjoint", lower_take_adjoint},
      {"conv2d", lower_convolution<forward>},
      {"conv2d_input_adjoint", lower_convolution<input_adjoint>},
      {"conv2d_weight_adjoint", lower_convolution<weight_adjoint>},
      {"take_along_axis", lower_take_along_axis},
      {"take_along_axis_adjoint", lower_take_along_axis_adjoint},
      {"max_pool2d_positions", lower_max_pool},
      {"sum_pool2d", lower_by_slices},
      {"sum_pool2d_adjoint", lower_by_slices},
      {"cumsum", lower_by_slices},
      {"uniform", lower_random},
      {"normal", lower_random},
      {"reshape", lower_reshape},
      {"transpose", lower_transpose},
      {"broadcast_to", lower_broadcast_to},
      {"slice", lower_slice}};
  const auto found = kOps.find(op);
  return found == kOps.end() ? nullptr : found->second;
}

}  // namespace talweg
