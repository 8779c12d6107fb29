#include "output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace talweg {
namespace {

constexpr int kInput = 0, kOutput = 1, kErrors = 2;

/// Writes everything; 0, or the errno of what went wrong.
int write_all(int stream, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(stream, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

const char* environment(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
}

constexpr std::string_view kBold = "\033[1m", kRed = "\033[1;31m", kGreen = "\033[32m", kCyan = "\033[36m",
                           kPlain = "\033[0m";

std::string painted(std::string_view color, std::string_view text) {
  return std::string(color).append(text).append(kPlain);
}

/// Green for the caret line, cyan for "note:" and "hint:".
std::string colored_line(const std::string& line) {
  if (line.starts_with("note: ") || line.starts_with("hint: ")) {
    const std::size_t end = line.find(' ');
    return painted(kCyan, line.substr(0, end)) + line.substr(end);
  }
  const std::size_t bar = line.find_first_not_of(' ');
  if (bar != std::string::npos && line[bar] == '|')
    return line.substr(0, bar + 1) + painted(kGreen, line.substr(bar + 1));
  return line;
}

/// The text of an error: its first line bold, with a red "error:".
std::string colored(const std::string& text) {
  constexpr std::string_view kMark = "error:";
  const std::size_t mark = text.find(kMark), first_end = std::min(text.find('\n'), text.size());
  std::string result = painted(kBold, text.substr(0, mark)) + painted(kRed, kMark) +
                       painted(kBold, text.substr(mark + kMark.size(), first_end - mark - kMark.size()));
  for (std::size_t begin = first_end; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin + 1), text.size());
    result.append("\n").append(colored_line(text.substr(begin + 1, end - begin - 1)));
    begin = end;
  }
  return result;
}

}  // namespace

void write_output(std::string_view text) {
  const int problem = write_all(kOutput, text);
  if (problem == EPIPE) throw OutputClosed();
  if (problem != 0)
    throw Error(Status::files, "standard output: " + std::generic_category().message(problem));
}

void print_error(const Error& error) {
  const std::string text = error.what();
  // Where standard error cannot be written, nobody is left to be told.
  static_cast<void>(write_all(kErrors, (has_colors(kErrors) ? colored(text) : text) + "\n"));
}

void print_note(const std::string& text) { static_cast<void>(write_all(kErrors, text + "\n")); }

bool is_interactive(int stream) {
  const char* terminal = environment("TERM");
  return isatty(stream) != 0 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

bool has_colors(int stream) {
  const char* no_color = environment("NO_COLOR");
  return is_interactive(stream) && (no_color == nullptr || *no_color == '\0');
}

void reserve_standard_streams() {
  for (int stream : {kInput, kOutput, kErrors})
    if (fcntl(stream, F_GETFD) < 0)  // NOLINT(cppcoreguidelines-pro-type-vararg)
      // The lowest free number is `stream`. Opened the wrong way round, so that using it stays an error.
      static_cast<void>(open("/dev/null", stream == kInput ? O_WRONLY : O_RDONLY));  // NOLINT
}

}  // namespace talweg
