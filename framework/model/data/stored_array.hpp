#pragma once

#include <string>

#include "graph/shape.hpp"
#include "model/data/bytes.hpp"
#include "model/data/column.hpp"

namespace talweg {

/// An array as it lies in a file, row-major, or in memory.
struct StoredArray {
  DataBytes data;
  std::size_t begin = 0;  ///< of its first element in `data`
  ElementFormat format;
  Shape shape;
};

/// The shape that a file's header states. Throws Error{data} where a size is negative, there are too many
/// axes or more elements than any file has.
[[nodiscard]] Shape stored_shape(const DataBytes& data, std::span<const std::int64_t> sizes);

/// An array whose elements fill `data` from `begin` to its end. Throws Error{data} where they do not.
[[nodiscard]] StoredArray stored_array(DataBytes data, std::size_t begin, ElementFormat format,
                                       const Shape& shape);

}  // namespace talweg
