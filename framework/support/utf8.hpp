#pragma once

#include <cstddef>
#include <string_view>

namespace talweg {

/// Bytes of the well-formed UTF-8 character at the start of `text` (Unicode 15, table 3-7), or 0 where there
/// is none.
[[nodiscard]] std::size_t character_length(std::string_view text);

/// Is all of it UTF-8?
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace talweg
