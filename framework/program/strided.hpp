#pragma once

#include <algorithm>
#include <cstring>

#include "program/view.hpp"

namespace talweg {

/// Loops over two views of one shape together, as `Loop` does over one.
struct PairLoop {
  struct Axis {
    std::int64_t size, from_stride, to_stride;
  };
  std::array<Axis, Shape::kMaximumRank> axes;
  int rank = 0;
};

[[nodiscard]] inline PairLoop loops_over(const View& from, const View& to) {
  PairLoop loop;
  for (int axis = 0; axis < from.shape.rank(); ++axis) {
    const std::int64_t size = from.shape[axis];
    if (size == 1) continue;
    const PairLoop::Axis next{size, from.stride(axis), to.stride(axis)};
    PairLoop::Axis* last = loop.rank == 0 ? nullptr : &loop.axes[static_cast<std::size_t>(loop.rank - 1)];
    if (last != nullptr && last->from_stride == size * next.from_stride &&
        last->to_stride == size * next.to_stride) {
      *last = {last->size * size, next.from_stride, next.to_stride};
    } else {
      loop.axes[static_cast<std::size_t>(loop.rank++)] = next;
    }
  }
  return loop;
}

template <class T>
void copy_strided(const PairLoop& loop, const T* from, T* to, int axis = 0) {
  if (loop.rank == 0) {
    *to = *from;
    return;
  }
  const auto [size, from_stride, to_stride] = loop.axes[static_cast<std::size_t>(axis)];
  if (axis + 1 < loop.rank) {
    for (std::int64_t i = 0; i < size; ++i)
      copy_strided(loop, from + i * from_stride, to + i * to_stride, axis + 1);
  } else if (from_stride == 1 && to_stride == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(size) * sizeof(T));
  } else if (from_stride == 0 && to_stride == 1) {
    std::fill_n(to, size, *from);
  } else {
    for (std::int64_t i = 0; i < size; ++i) to[i * to_stride] = from[i * from_stride];
  }
}

/// Elements [begin, begin + n) of a loop's row-major order, one after the other.
template <class T>
void gather_strided(const Loop& loop, const T* from, std::int64_t begin, std::int64_t n, T* to) {
  if (loop.rank == 0) {
    std::fill_n(to, n, *from);
    return;
  }
  std::array<std::int64_t, Shape::kMaximumRank> index{};
  for (int axis = loop.rank - 1; axis >= 0; --axis) {
    const std::int64_t size = loop.axes[static_cast<std::size_t>(axis)].size;
    index[static_cast<std::size_t>(axis)] = begin % size;
    begin /= size;
  }
  const Loop::Axis inner = loop.axes[static_cast<std::size_t>(loop.rank - 1)];
  std::int64_t& column = index[static_cast<std::size_t>(loop.rank - 1)];
  while (n > 0) {
    const T* row = from;
    for (int axis = 0; axis < loop.rank; ++axis)
      row += index[static_cast<std::size_t>(axis)] * loop.axes[static_cast<std::size_t>(axis)].stride;
    const std::int64_t run = std::min(n, inner.size - column);
    if (inner.stride == 1)
      std::memcpy(to, row, static_cast<std::size_t>(run) * sizeof(T));
    else if (inner.stride == 0)
      std::fill_n(to, run, *row);
    else
      for (std::int64_t i = 0; i < run; ++i) to[i] = row[i * inner.stride];
    to += run;
    n -= run;
    column = 0;
    for (int axis = loop.rank - 2; axis >= 0; --axis) {
      if (++index[static_cast<std::size_t>(axis)] < loop.axes[static_cast<std::size_t>(axis)].size) break;
      index[static_cast<std::size_t>(axis)] = 0;
    }
  }
}

}  // namespace talweg
