#include "tools/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace talweg {
namespace {

namespace fs = std::filesystem;

struct Pipe {
  int read = -1, write = -1;
};

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {ends[0], ends[1]};
}

Pipe make_terminal() {
  Pipe terminal;
  if (openpty(&terminal.read, &terminal.write, nullptr, nullptr, nullptr) != 0)
    throw std::runtime_error("openpty");
  fcntl(terminal.read, F_SETFD, FD_CLOEXEC);
  return terminal;
}

/// In the child: never returns.
[[noreturn]] void become(const std::vector<std::string>& command, const RunOptions& options, int out,
                         int errors) {
  dup2(out, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  if (!options.out_path.empty()) dup2(open(options.out_path.c_str(), O_WRONLY), STDOUT_FILENO);
  if (options.close_out) close(STDOUT_FILENO);
  const fs::path directory = options.directory.empty() ? repository() : options.directory;
  if (chdir(directory.c_str()) != 0) _exit(126);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

/// Appends what can be read; false at the end.
bool append_from(int& stream, std::string& text) {
  char buffer[65536];
  const ssize_t size = read(stream, buffer, sizeof buffer);
  if (size < 0 && errno == EINTR) return true;
  if (size > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
    return true;
  }
  close(stream);
  stream = -1;
  return false;
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const RunOptions& options) {
  const Pipe out = options.on_terminal ? make_terminal() : make_pipe();
  const Pipe errors = options.on_terminal ? Pipe{-1, out.write} : make_pipe();
  process_ = fork();
  if (process_ == 0) become(command, options, out.write, errors.write);
  close(out.write);
  if (!options.on_terminal) close(errors.write);
  out_ = out.read;
  errors_ = errors.read;
}

Process::~Process() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  for (int stream : {out_, errors_})
    if (stream >= 0) close(stream);
}

bool Process::read_some() {
  pollfd streams[] = {{out_, POLLIN, 0}, {errors_, POLLIN, 0}};
  if (out_ < 0 && errors_ < 0) return false;
  if (poll(streams, 2, -1) < 0) return errno == EINTR;
  if (streams[0].revents != 0) append_from(out_, result_.out);
  if (streams[1].revents != 0) append_from(errors_, result_.errors);
  return true;
}

void Process::wait_for(const std::string& text) {
  while (result_.out.find(text) == std::string::npos && read_some()) {
  }
}

void Process::send(int signal) const { kill(process_, signal); }

void Process::close_out() {
  close(out_);
  out_ = -1;
}

Finished Process::finish() {
  while (read_some()) {
  }
  int status = 0;
  rusage usage{};
  wait4(process_, &status, 0, &usage);
  process_ = 0;
  constexpr std::int64_t kKibibyte = 1024;
  result_.peak_bytes = usage.ru_maxrss * kKibibyte;
  constexpr int kEndedBySignal = 128;
  result_.status = WIFSIGNALED(status) ? kEndedBySignal + WTERMSIG(status) : WEXITSTATUS(status);
  return result_;
}

Finished run(const std::vector<std::string>& command, const RunOptions& options) {
  return Process(command, options).finish();
}

Finished run_talweg(std::vector<std::string> arguments, const RunOptions& options) {
  arguments.insert(arguments.begin(), (program_directory() / "talweg").string());
  return run(arguments, options);
}

Finished run_line(const std::string& arguments, const RunOptions& options) {
  std::istringstream words(arguments);
  return run_talweg({std::istream_iterator<std::string>(words), {}}, options);
}

fs::path program_directory() { return fs::read_symlink("/proc/self/exe").parent_path(); }

fs::path repository() { return fs::path(TALWEG_TESTS_DIR).parent_path(); }

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace talweg
