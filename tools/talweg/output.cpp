#include "output.hpp"

#include <fcntl.h>
#include <unistd.h>

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

/// Bold red for "error:", green for the caret line, cyan for notes and hints.
std::string colored(const std::string& text) {
  const std::string kBold = "\033[1m", kRed = "\033[1;31m", kGreen = "\033[32m", kCyan = "\033[36m",
                    kEnd = "\033[0m";
  std::string result;
  std::size_t begin = 0;
  for (bool first = true; begin <= text.size(); first = false) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t colon = line.find(": ");
    if (const std::size_t mark = line.find("error: "); first && mark != std::string::npos)
      result += kBold + line.substr(0, mark) + kRed + "error:" + kEnd + kBold + line.substr(mark + 6) + kEnd;
    else if (line.starts_with("note: ") || line.starts_with("hint: "))
      result += kCyan + line.substr(0, colon + 1) + kEnd + line.substr(colon + 1);
    else if (const std::size_t bar = line.find(" | "); line.find_first_not_of(' ') == bar + 1)
      result += line.substr(0, bar + 2) + kGreen + line.substr(bar + 2) + kEnd;
    else
      result += line;
    if (end < text.size()) result += "\n";
    begin = end + 1;
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
