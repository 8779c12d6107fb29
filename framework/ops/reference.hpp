#pragma once

#include <utility>

#include "graph/op.hpp"

namespace talweg {

// What the reference kernels share. They define what an op means: plain loops, sums kept in double.

/// Steps through the elements of a shape in row-major order, and knows where each lies in a memory with
/// other strides: a broadcast, transposed, sliced or reduced tensor.
class Walk {
 public:
  /// `strides` has an element for each axis of `shape`.
  Walk(const Shape& shape, Integers strides, std::int64_t start = 0)
      : shape_(shape), strides_(std::move(strides)), offset_(start) {}

  [[nodiscard]] std::int64_t offset() const { return offset_; }

  void next() {
    for (int axis = shape_.rank(); axis-- > 0;) {
      const std::int64_t stride = strides_[static_cast<std::size_t>(axis)];
      offset_ += stride;
      if (++index_[axis] < shape_[axis]) return;
      offset_ -= stride * shape_[axis];
      index_[axis] = 0;
    }
  }

 private:
  Shape shape_, index_ = zeros(shape_.rank());
  Integers strides_;
  std::int64_t offset_;

  static Shape zeros(int rank) { return Shape(Integers(static_cast<std::size_t>(rank), 0)); }
};

/// Strides by which a tensor of shape `from` is read as one of shape `to`, to which it broadcasts.
[[nodiscard]] Integers broadcast_strides(const Shape& from, const Shape& to);

/// A shape seen from one of its axes: outer * size * inner elements.
struct Around {
  std::int64_t outer, size, inner;
};
[[nodiscard]] Around around(const Shape& shape, int axis);

/// The values of a node that are known when the graph is built: of a constant its one value, of an array all.
/// Nothing for any other node.
[[nodiscard]] std::optional<Numbers> known_values(const Node& node);

}  // namespace talweg
