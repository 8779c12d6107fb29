#include "model/scalar_place.hpp"

#include <algorithm>
#include <charconv>

namespace talweg {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The offset of the quote that closes the one at `begin`, or npos.
std::size_t closing_quote(std::string_view source, std::size_t begin) {
  const char quote = source[begin];
  for (std::size_t at = begin + 1; at < source.size(); ++at) {
    if (quote == '"' && source[at] == '\\') {
      ++at;
    } else if (source[at] == quote) {
      if (quote == '"' || at + 1 >= source.size() || source[at + 1] != quote) return at;
      ++at;
    }
  }
  return std::string_view::npos;
}

/// Bytes in the source and in the text of one escape of a double-quoted scalar.
struct Escape {
  std::size_t source_bytes;
  std::size_t text_bytes;
};

Escape escape_at(std::string_view source, std::size_t at) {
  const char kind = at + 1 < source.size() ? source[at + 1] : '\0';
  if (kind == '\n') return {2, 0};
  if (kind == 'N' || kind == '_') return {2, 2};
  if (kind == 'L' || kind == 'P') return {2, 3};
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  if (digits == 0 || at + 2 + digits > source.size()) return {2, 1};
  unsigned code = 0;
  std::from_chars(source.data() + at + 2, source.data() + at + 2 + digits, code, 16);
  return {2 + digits, code < 0x80 ? 1U : code < 0x800 ? 2U : code < 0x10000 ? 3U : 4U};
}

/// Walks source and text side by side. Blanks of the source that the text lacks are skipped: line breaks
/// and indentation that YAML folds.
std::vector<std::uint32_t> walk(std::string_view source, std::size_t at, std::size_t end,
                                std::string_view text, char quote) {
  std::vector<std::uint32_t> offsets;
  offsets.reserve(text.size());
  const auto here = [&] { return static_cast<std::uint32_t>(std::min(at, end)); };
  while (offsets.size() < text.size()) {
    const char wanted = text[offsets.size()];
    if (at >= end) {
      offsets.push_back(here());
    } else if (quote == '"' && source[at] == '\\') {
      const Escape escape = escape_at(source, at);
      for (std::size_t i = 0; i < escape.text_bytes && offsets.size() < text.size(); ++i)
        offsets.push_back(here());
      at += escape.source_bytes;
    } else if (is_blank(wanted)) {
      offsets.push_back(here());
      if (is_blank(source[at])) ++at;
    } else if (is_blank(source[at])) {
      ++at;
    } else {
      offsets.push_back(here());
      at += quote == '\'' && source[at] == '\'' ? 2 : 1;
    }
  }
  return offsets;
}

ScalarPlace place_between(std::string_view source, std::size_t content, std::size_t end,
                          std::string_view text, char quote) {
  ScalarPlace place;
  place.content = static_cast<std::uint32_t>(content);
  if (source.substr(content, end - content).starts_with(text) &&
      (quote == 0 || text.size() == end - content)) {
    place.end = static_cast<std::uint32_t>(content + text.size());
    return place;
  }
  place.offsets = walk(source, content, end, text, quote);
  std::size_t last = place.offsets.size();
  while (last > 0 && is_blank(text[last - 1])) --last;
  place.end = last == 0
                  ? place.content
                  : std::min<std::uint32_t>(place.offsets[last - 1] + 1, static_cast<std::uint32_t>(end));
  return place;
}

}  // namespace

ScalarPlace place_scalar(std::string_view source, std::size_t begin, std::string_view text) {
  const char first = begin < source.size() ? source[begin] : '\0';
  if (first == '"' || first == '\'') {
    const std::size_t end = closing_quote(source, begin);
    if (end == std::string_view::npos) {
      ScalarPlace place;
      place.closed = false;
      return place;
    }
    ScalarPlace place = place_between(source, begin + 1, end, text, first);
    place.end = static_cast<std::uint32_t>(end + 1);
    return place;
  }
  if (first == '|' || first == '>') {
    const std::size_t header_end = std::min(source.find('\n', begin), source.size() - 1);
    return place_between(source, header_end + 1, source.size(), text, 0);
  }
  return place_between(source, begin, source.size(), text, 0);
}

}  // namespace talweg
