#include <algorithm>
#include <string_view>
#include <talweg/error.hpp>
#include <utility>
#include <vector>

namespace talweg {
namespace {

/// A line of source as it is shown, with the column of the caret in it.
struct Excerpt {
  std::string text;
  int column;
  int after;  ///< characters of the line that are shown behind the caret
};

/// Of a line that is longer than a screen is wide, the part about `column`. Control characters, which could
/// change the terminal, are shown as question marks.
Excerpt excerpt(std::string_view line, int column) {
  constexpr int kWidth = 160;
  constexpr int kBefore = 60;
  constexpr std::string_view kCut = "...";
  constexpr unsigned char kFirstPrintable = 0x20, kDelete = 0x7F, kContinues = 0x80, kContinuesMask = 0xC0;
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < line.size(); ++i)
    if ((static_cast<unsigned char>(line[i]) & kContinuesMask) != kContinues) starts.push_back(i);
  const int length = static_cast<int>(starts.size());
  const bool fits = length <= kWidth;
  const int begin = fits ? 0 : std::clamp(column - 1 - kBefore, 0, length - kWidth);
  const int end = fits ? length : begin + kWidth;
  const auto offset = [&](int character) {
    return character < length ? starts[static_cast<std::size_t>(character)] : line.size();
  };
  Excerpt shown{std::string(line.substr(offset(begin), offset(end) - offset(begin))), column - begin,
                end - column};
  for (char& c : shown.text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < kFirstPrintable || byte == kDelete) c = '?';
  }
  if (begin > 0) {
    shown.text.insert(0, kCut);
    shown.column += static_cast<int>(kCut.size());
  }
  if (end < length) shown.text += kCut;
  return shown;
}

}  // namespace

Error::Error(Status status, std::string message) : status_(status), message_(std::move(message)) { format(); }

Error& Error::set_status(Status status) {
  status_ = status;
  return *this;
}

Error& Error::set_message(std::string message) {
  message_ = std::move(message);
  format();
  return *this;
}

Error& Error::at(Location location) {
  location_ = std::move(location);
  format();
  return *this;
}

Error& Error::note(std::string text) {
  notes_.push_back(std::move(text));
  format();
  return *this;
}

Error& Error::set_hint(std::string text) {
  hint_ = std::move(text);
  format();
  return *this;
}

const char* Error::what() const noexcept { return text_.c_str(); }

void Error::format() {
  text_.clear();
  if (!location_.file.empty()) {
    text_ += location_.file + ":";
    if (has_location())
      text_ += std::to_string(location_.line) + ":" + std::to_string(location_.column) + ":";
    text_ += " ";
  }
  text_ += "error: " + message_;
  if (has_location() && !location_.source.empty()) {
    std::string number = std::to_string(location_.line);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
    const Excerpt shown = excerpt(location_.source, location_.column);
    const int tildes = std::max(std::min(location_.length - 1, shown.after), 0);
    text_ += "\n" + number + " | " + shown.text;
    text_ += "\n" + std::string(number.size(), ' ') + " | " +
             std::string(static_cast<std::size_t>(std::max(shown.column - 1, 0)), ' ') + "^" +
             std::string(static_cast<std::size_t>(tildes), '~');
  }
  for (const std::string& note : notes_) text_ += "\nnote: " + note;
  if (!hint_.empty()) text_ += "\nhint: " + hint_;
}

}  // namespace talweg
