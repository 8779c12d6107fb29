#include <algorithm>
#include <talweg/error.hpp>
#include <utility>

namespace talweg {

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
    text_ += "\n" + number + " | " + location_.source;
    text_ += "\n" + std::string(number.size(), ' ') + " | " +
             std::string(static_cast<std::size_t>(std::max(location_.column - 1, 0)), ' ') + "^" +
             std::string(static_cast<std::size_t>(std::max(location_.length - 1, 0)), '~');
  }
  for (const std::string& note : notes_) text_ += "\nnote: " + note;
  if (!hint_.empty()) text_ += "\nhint: " + hint_;
}

}  // namespace talweg
