#pragma once

#include "model/data/stored_array.hpp"

namespace talweg {

/// An array in the IDX format, in which MNIST comes (Y. LeCun, C. Cortes and C. Burges, "The MNIST
/// database"): two zero bytes, a type, the number of axes, their sizes, the elements; everything with the
/// highest byte first. Throws Error{data}.
[[nodiscard]] StoredArray read_idx(DataBytes data);

}  // namespace talweg
