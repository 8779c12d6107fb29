#include "support/child_process.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <talweg/error.hpp>

namespace talweg {
namespace {

Error system_error(const char* what) {
  return {Status::files, std::string(what) + ": " + std::generic_category().message(errno)};
}

/// In the child. The first byte tells an answer from a process that ends without one.
[[noreturn]] void answer(int pipe, unsigned longest,
                         const std::function<std::string(const StillAlive&)>& work) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(longest);
  const std::string text = "=" + work([longest] { alarm(longest); });
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = write(pipe, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) break;
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  _exit(0);
}

/// All that comes through the pipe; ends the child where it is given up.
std::string read_all(int pipe, pid_t child, const std::function<bool()>& given_up) {
  constexpr int kMilliseconds = 100;
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    if (given_up && given_up()) kill(child, SIGKILL);
    pollfd end{pipe, POLLIN, 0};
    if (poll(&end, 1, given_up ? kMilliseconds : -1) <= 0) continue;
    const ssize_t count = read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string describe_signal(int signal) {
  const char* name = sigabbrev_np(signal);
  return "by signal " + std::to_string(signal) + (name != nullptr ? std::string(" (SIG") + name + ")" : "");
}

}  // namespace

ChildEnd run_in_child(const std::function<std::string(const StillAlive&)>& work, unsigned longest,
                      const std::function<bool()>& given_up) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw system_error("pipe");
  const pid_t child = fork();
  if (child < 0) throw system_error("fork");
  if (child == 0) {
    close(ends[0]);
    answer(ends[1], longest, work);
  }
  close(ends[1]);
  const std::string text = read_all(ends[0], child, given_up);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (given_up && given_up()) return {ChildEnd::Kind::given_up, ""};
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGALRM) return {ChildEnd::Kind::too_long, ""};
    return {ChildEnd::Kind::died, describe_signal(WTERMSIG(status))};
  }
  if (text.empty()) return {ChildEnd::Kind::died, "with status " + std::to_string(WEXITSTATUS(status))};
  return {ChildEnd::Kind::answered, text.substr(1)};
}

}  // namespace talweg
