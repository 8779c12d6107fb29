#pragma once

#include <string>
#include <string_view>

#include "model/data/description.hpp"

namespace talweg {

/// As JSON, for the metadata of weights and checkpoints.
[[nodiscard]] std::string encode_descriptions(const DataDescriptions& descriptions);
/// Throws std::exception where `text` is none.
[[nodiscard]] DataDescriptions decode_descriptions(std::string_view text);

}  // namespace talweg
