#include "support/numbers.hpp"

#include <charconv>
#include <cmath>

namespace talweg {

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.starts_with('+')) return std::nullopt;
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || problem == std::errc::invalid_argument) return std::nullopt;
  if (problem == std::errc::result_out_of_range) {
    // from_chars does not tell overflow from underflow; a value below the smallest subnormal is zero.
    const double shrunk = std::abs(std::strtod(std::string(text).c_str(), nullptr));
    if (shrunk > 1) return std::nullopt;
    return text.starts_with('-') ? -0.0 : 0.0;
  }
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string format_number(double value) {
  if (std::isnan(value)) return "nan";
  char text[32];
  const auto [end, problem] = std::to_chars(text, text + sizeof text, value);
  return problem == std::errc{} ? std::string(text, end) : std::string("?");
}

std::string count(std::int64_t number, std::string_view singular, std::string_view plural) {
  const std::string text = std::to_string(number) + " ";
  if (number == 1) return text + std::string(singular);
  return text + (plural.empty() ? std::string(singular) + "s" : std::string(plural));
}

}  // namespace talweg
