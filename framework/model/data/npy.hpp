#pragma once

#include "model/data/stored_array.hpp"

namespace talweg {

/// An array in NumPy's NPY format, versions 1 to 3 (numpy.lib.format): booleans, integers and floating
/// numbers of 1 to 8 bytes in either byte order. One in Fortran's order is copied into rows. Throws
/// Error{data}.
[[nodiscard]] StoredArray read_npy(DataBytes data);

}  // namespace talweg
