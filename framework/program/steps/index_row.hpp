#pragma once

#include <cstdint>

#include "graph/shape.hpp"

namespace talweg {

inline constexpr std::int64_t kNoRow = -1;

/// The row of an axis of that size that an index means: a negative one counts from the end; kNoRow where it
/// is outside, and for NaN.
template <class T>
[[nodiscard]] inline std::int64_t row_of(T index, std::int64_t size) {
  constexpr std::int64_t kExact = 1 << 24;  // whole numbers up to here are exact in every type
  if (index >= 0 && index < static_cast<T>(size < kExact ? size : kExact))
    return static_cast<std::int32_t>(index);
  const auto rows = static_cast<double>(size);
  const double at = static_cast<double>(index) + (index < 0 ? rows : 0.0);
  return at >= 0 && at < rows ? static_cast<std::int64_t>(at) : kNoRow;
}

/// Of the axes [begin, end).
[[nodiscard]] inline std::int64_t elements_between(const Shape& shape, int begin, int end) {
  std::int64_t elements = 1;
  for (int axis = begin; axis < end; ++axis) elements *= shape[axis];
  return elements;
}

}  // namespace talweg
