#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace talweg {

/// The whole of `text` as a decimal number ("1", "-2.5", "1e-3", "inf", "nan"), whatever the locale; nothing
/// if it is none, or is too large for a double.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

/// The whole of `text` as a decimal integer.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// The shortest text that reads back as the same double: "0.1", "1e-08", "nan", "inf".
[[nodiscard]] std::string format_number(double value);

/// "1 step", "2 steps".
[[nodiscard]] std::string count(std::int64_t number, std::string_view singular, std::string_view plural = "");

}  // namespace talweg
