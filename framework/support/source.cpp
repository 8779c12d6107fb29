#include "support/source.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace talweg {
namespace {

/// Characters of UTF-8 text: every byte that does not continue one.
int count_characters(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

Source::Source(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

int Source::line(std::size_t offset) const {
  auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  return static_cast<int>(after - line_starts_.begin());
}

Location Source::locate(std::size_t begin, std::size_t end) const {
  begin = std::min(begin, text_.size());
  end = std::clamp(end, begin, text_.size());
  Location location;
  location.file = name_;
  location.line = line(begin);
  const std::size_t start = line_starts_[static_cast<std::size_t>(location.line - 1)];
  std::size_t stop = text_.find('\n', start);
  if (stop == std::string::npos) stop = text_.size();
  if (stop > start && text_[stop - 1] == '\r') --stop;
  location.source = text_.substr(start, stop - start);
  std::replace(location.source.begin(), location.source.end(), '\t', ' ');
  location.column = count_characters(std::string_view(text_).substr(start, begin - start)) + 1;
  const std::size_t shown_end = std::min(end, stop);
  location.length =
      shown_end > begin
          ? std::max(1, count_characters(std::string_view(text_).substr(begin, shown_end - begin)))
          : 1;
  return location;
}

std::string Span::line_text() const {
  if (!known()) return "";
  std::string own = std::to_string(line());
  if (call_line == 0) return own;
  return std::to_string(call_line) + " (" + std::filesystem::path(source->name()).filename().string() + ":" +
         own + ")";
}

}  // namespace talweg
