#include "training/conformance/isolated.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <talweg/error.hpp>

#include "support/numbers.hpp"

namespace talweg::conformance {
namespace {

Error system_error(const char* what) {
  return {Status::files, std::string(what) + ": " + std::generic_category().message(errno)};
}

/// In the child: a byte for the outcome and the detail go through the pipe.
[[noreturn]] void answer(int pipe, const std::function<Verdict()>& check) {
  Verdict verdict;
  try {
    verdict = check();
  } catch (const Error& error) {
    verdict = failed(error.message());
  } catch (const std::exception& exception) {
    verdict = failed(exception.what());
  }
  const std::string text = static_cast<char>('0' + static_cast<int>(verdict.outcome)) + verdict.detail;
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = write(pipe, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) break;
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  _exit(0);
}

std::string read_all(int pipe) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Verdict run_isolated(const std::function<Verdict()>& check, unsigned longest) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw system_error("pipe");
  const pid_t child = fork();
  if (child < 0) throw system_error("fork");
  if (child == 0) {
    alarm(longest);
    close(ends[0]);
    answer(ends[1], check);
  }
  close(ends[1]);
  const std::string text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (signal == SIGALRM) return failed("it does not end within " + count(longest, "second"));
    const char* name = sigabbrev_np(signal);
    return failed("the plugin ended the process by signal " + std::to_string(signal) +
                  (name != nullptr ? std::string(" (SIG") + name + ")" : ""));
  }
  if (text.empty())
    return failed("the plugin ended the process with status " + std::to_string(WEXITSTATUS(status)));
  return {static_cast<Outcome>(text[0] - '0'), text.substr(1)};
}

}  // namespace talweg::conformance
