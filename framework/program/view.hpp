#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "graph/attributes.hpp"
#include "graph/shape.hpp"

namespace talweg {

/// A piece of memory of a program, by its position in the plan's list.
using BufferId = std::uint32_t;

/// A tensor within a buffer: row-major axes with strides in elements. An axis along which the tensor repeats
/// itself has stride 0, a reversed one a negative stride.
struct View {
  BufferId buffer = 0;
  std::int64_t offset = 0;
  Shape shape;
  std::array<std::int64_t, Shape::kMaximumRank> strides{};

  [[nodiscard]] std::int64_t stride(int axis) const { return strides[static_cast<std::size_t>(axis)]; }
  friend bool operator==(const View&, const View&) = default;
};

/// The whole of a buffer, or what follows `offset`, as a tensor without gaps.
[[nodiscard]] View contiguous_view(BufferId buffer, const Shape& shape, std::int64_t offset = 0);

/// Are the elements one after the other in row-major order?
[[nodiscard]] bool is_contiguous(const View& view);
/// Do all elements lie at one place?
[[nodiscard]] bool is_single(const View& view);

// What the layout ops do to a view. REQUIRES: the op's shape rule has agreed.
[[nodiscard]] View transpose(const View& view, const Integers& axes);
[[nodiscard]] View transposed(const View& matrix);
[[nodiscard]] View broadcast_to(const View& view, const Shape& shape);
[[nodiscard]] View slice(const View& view, const Integers& starts, const Integers& steps,
                         const Integers& sizes);
/// Nothing where the elements would have to move.
[[nodiscard]] std::optional<View> reshape(const View& view, const Shape& shape);

/// A loop over the elements of a view in row-major order: axes of one element are left out, axes that follow
/// each other without a gap are one.
struct Loop {
  struct Axis {
    std::int64_t size;
    std::int64_t stride;
  };
  std::array<Axis, Shape::kMaximumRank> axes;
  int rank = 0;

  [[nodiscard]] std::span<const Axis> span() const { return {axes.data(), static_cast<std::size_t>(rank)}; }
};
[[nodiscard]] Loop loop_over(const View& view);

}  // namespace talweg
