#include "program/view.hpp"

#include <algorithm>

namespace talweg {
namespace {

/// The shape without its axes of size 1.
Shape squeezed(const Shape& shape) {
  Shape result;
  for (std::int64_t size : shape)
    if (size != 1) result.append(size);
  return result;
}

}  // namespace

View contiguous_view(BufferId buffer, const Shape& shape, std::int64_t offset) {
  View view{buffer, offset, shape, {}};
  std::ranges::copy(strides_of(shape), view.strides.begin());
  return view;
}

bool is_contiguous(const View& view) {
  std::int64_t expected = 1;
  for (int axis = view.shape.rank() - 1; axis >= 0; --axis) {
    if (view.shape[axis] == 1) continue;
    if (view.shape[axis] != 0 && view.stride(axis) != expected) return false;
    expected *= view.shape[axis];
  }
  return true;
}

bool is_single(const View& view) {
  for (int axis = 0; axis < view.shape.rank(); ++axis)
    if (view.shape[axis] != 1 && view.stride(axis) != 0) return false;
  return true;
}

View transpose(const View& view, const Integers& axes) {
  View result{view.buffer, view.offset, {}, {}};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int from = static_cast<int>(axes[i]);
    result.shape.append(view.shape[from]);
    result.strides[i] = view.stride(from);
  }
  return result;
}

View transposed(const View& matrix) { return transpose(matrix, {1, 0}); }

View broadcast_to(const View& view, const Shape& shape) {
  View result{view.buffer, view.offset, shape, {}};
  const int extra = shape.rank() - view.shape.rank();
  for (int axis = extra; axis < shape.rank(); ++axis)
    if (view.shape[axis - extra] == shape[axis])
      result.strides[static_cast<std::size_t>(axis)] = view.stride(axis - extra);
  return result;
}

View slice(const View& view, const Integers& starts, const Integers& steps, const Integers& sizes) {
  View result = view;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const int axis = static_cast<int>(i);
    result.shape[axis] = sizes[i];
    if (sizes[i] > 0) result.offset += starts[i] * view.stride(axis);
    result.strides[i] = steps[i] * view.stride(axis);
  }
  return result;
}

std::optional<View> reshape(const View& view, const Shape& shape) {
  if (is_contiguous(view)) return contiguous_view(view.buffer, shape, view.offset);
  View result{view.buffer, view.offset, shape, {}};
  if (is_single(view)) return result;
  if (!(squeezed(view.shape) == squeezed(shape))) return std::nullopt;
  int from = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    while (view.shape[from] == 1) ++from;
    result.strides[static_cast<std::size_t>(axis)] = view.stride(from++);
  }
  return result;
}

Loop loop_over(const View& view) {
  Loop loop;
  for (int axis = 0; axis < view.shape.rank(); ++axis) {
    const std::int64_t size = view.shape[axis], stride = view.stride(axis);
    if (size == 1) continue;
    Loop::Axis* last = loop.rank == 0 ? nullptr : &loop.axes[static_cast<std::size_t>(loop.rank - 1)];
    if (last != nullptr && last->stride == size * stride) {
      *last = {last->size * size, stride};
    } else {
      loop.axes[static_cast<std::size_t>(loop.rank++)] = {size, stride};
    }
  }
  return loop;
}

}  // namespace talweg
