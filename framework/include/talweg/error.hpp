#pragma once

#include <exception>
#include <string>
#include <talweg/export.hpp>
#include <vector>

namespace talweg {

/// What kind of thing went wrong. The value is the exit status of the program `talweg`.
enum class Status {
  internal = 1,  ///< a bug in Talweg
  model = 2,     ///< command line or model file
  data = 3,      ///< data files
  diverged = 4,  ///< a value became infinite or not a number
  files = 5,     ///< files that Talweg reads or writes for itself: disk full, lock held
  plugin = 6     ///< a plugin that cannot be found, loaded or used
};

/// A place in a text. Lines and columns count from 1, columns in characters; line 0 means "no place known".
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;      ///< characters that the caret span covers, within the line
  std::string source;  ///< the text of that line
};

/// The one error type. A low layer says what is wrong with the values; each layer above adds what it alone
/// knows: the node, the place in the file, a hint.
class TALWEG_API Error : public std::exception {
 public:
  Error(Status status, std::string message);

  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const Location& location() const { return location_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] const std::string& hint() const { return hint_; }
  [[nodiscard]] bool has_location() const { return location_.line > 0; }

  Error& set_status(Status status);
  Error& set_message(std::string message);
  Error& at(Location location);
  Error& note(std::string text);
  Error& set_hint(std::string text);

  /// The whole text as a compiler prints it: place, message, source line with carets, notes, hint; no final
  /// newline.
  [[nodiscard]] const char* what() const noexcept override;

 private:
  void format();

  Status status_;
  std::string message_;
  Location location_;
  std::vector<std::string> notes_;
  std::string hint_;
  std::string text_;
};

}  // namespace talweg
