#pragma once

#include <string>
#include <string_view>

namespace talweg {

/// SHA-256 (FIPS 180-4, section 6.2) of the bytes: 64 hexadecimal digits.
[[nodiscard]] std::string sha256(std::string_view bytes);

}  // namespace talweg
