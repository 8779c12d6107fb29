#pragma once

#include <optional>
#include <string>

#include "model/data/bytes.hpp"

namespace talweg {

/// The NPY file of an array within an NPZ file, which is a ZIP archive (PKWARE's APPNOTE 6.3, with its 64-bit
/// sizes), stored or deflated; its checksum has been compared. Without a name it is that of the only one.
/// Throws Error{data}.
[[nodiscard]] DataBytes read_npz(const DataBytes& data, const std::optional<std::string>& array);

}  // namespace talweg
