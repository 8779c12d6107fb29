#pragma once

#include <string>
#include <vector>

#include "graph/dtype.hpp"
#include "graph/shape.hpp"

namespace talweg {

// NumPy's NPY format, version 1 (numpy.lib.format): little-endian, row-major.

/// What stands before the elements.
[[nodiscard]] std::string npy_header(DType dtype, const Shape& shape);
[[nodiscard]] std::string npy_elements(DType dtype, const std::vector<double>& values);

}  // namespace talweg
