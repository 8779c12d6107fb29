#pragma once

#include <string>
#include <string_view>

namespace talweg {

/// `text` in one line of at most some thousand characters: line ends and control characters become blanks.
[[nodiscard]] std::string one_line(std::string_view text);

/// A text that a plugin gave. Throws Error{plugin} "<what> is a null pointer" or "<what> is too long".
[[nodiscard]] std::string text_from_plugin(const char* text, const std::string& what);

}  // namespace talweg
