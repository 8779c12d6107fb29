#pragma once

#include <string>
#include <vector>

namespace talweg {

/// Rows of texts as aligned columns, two blanks apart, without blanks at the ends of lines. Column i is right
/// aligned where alignment[i] is 'r'; columns beyond it are left aligned.
[[nodiscard]] std::string format_table(const std::vector<std::vector<std::string>>& rows,
                                       const std::string& alignment = "", const std::string& indent = "");

/// Columns that a terminal shows for UTF-8 text, taken as one a character.
[[nodiscard]] std::size_t display_width(const std::string& text);

}  // namespace talweg
