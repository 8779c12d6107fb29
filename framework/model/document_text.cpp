#include "model/document_text.hpp"

#include <string>

#include "model/place.hpp"
#include "support/utf8.hpp"

namespace talweg {
namespace {

Span byte_at(const Source& source, std::size_t offset) {
  return {&source, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(offset + 1)};
}

bool is_control(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c == '\n' || c == '\t') return false;
  if (c == '\r') return at + 1 >= text.size() || text[at + 1] != '\n';
  if (c == 0xC2) return static_cast<unsigned char>(text[at + 1]) < 0xA0;  // U+0080 to U+009F
  return c < 0x20 || c == 0x7F;
}

void check_characters(const Source& source) {
  const std::string_view text = source.text();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text.substr(at));
    if (length == 0) throw error_at(byte_at(source, at), "the file is not UTF-8 text");
    if (is_control(text, at))
      throw error_at(byte_at(source, at),
                     text[at] == '\r' ? "a carriage return that does not end a line" : "a control character");
    at += length;
  }
}

/// Counts brackets outside comments and quoted texts. A quote opens a text only where a value can begin.
void check_nesting(const Source& source) {
  const std::string_view text = source.text();
  int depth = 0;
  char quote = 0;
  char before = '\n';  // the last character that is not blank, or a newline
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == '\\' && quote == '"')
        ++at;
      else if (c == quote)
        quote = 0;
      continue;
    }
    const bool after_blank = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t' || text[at - 1] == '\n';
    if (c == '#' && after_blank) {
      at = text.find('\n', at);
      if (at == std::string_view::npos) return;
      before = '\n';
      continue;
    }
    const bool value_begins = std::string_view("[{,\n").find(before) != std::string_view::npos ||
                              (after_blank && (before == ':' || before == '-' || before == '?'));
    if ((c == '"' || c == '\'') && value_begins) quote = c;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > kMaximumDocumentDepth)
      throw error_at(byte_at(source, at), "lists and mappings are nested more than " +
                                              std::to_string(kMaximumDocumentDepth) + " deep");
    if (c != ' ' && c != '\t' && c != '\r') before = c;
  }
}

}  // namespace

void check_document_text(const Source& source) {
  if (source.text().size() > kMaximumFileSize)
    throw error_at(byte_at(source, 0), "the file has more than " + std::to_string(kMaximumFileSize) +
                                           " bytes, the most that a model file may have");
  check_characters(source);
  check_nesting(source);
}

}  // namespace talweg
