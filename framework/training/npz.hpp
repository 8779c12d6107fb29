#pragma once

#include <string>
#include <vector>

#include "training/records.hpp"

namespace talweg {

/// The bytes of an NPZ file, as numpy.savez writes it: a ZIP archive, not compressed, with NAME.npy for each
/// tensor. Throws Error{files} where they are too many or too large for one, 4 GiB. REQUIRES: the names
/// differ.
[[nodiscard]] std::string encode_npz(const std::vector<NamedTensor>& tensors);

}  // namespace talweg
