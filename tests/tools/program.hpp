#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace talweg {

/// How a program ended and what it wrote.
struct Finished {
  int status = 0;  ///< the exit status; 128 + the signal's number where a signal ended it
  std::string out;
  std::string errors;
  std::int64_t peak_bytes = 0;  ///< of memory that were resident at once, mapped files included
};

struct RunOptions {
  std::map<std::string, std::string> environment;  ///< besides that of the tests
  std::filesystem::path directory;                 ///< to run in; the repository's root if empty
  std::string out_path;                            ///< standard output goes there instead of into `out`
  bool close_out = false;                          ///< without a standard output
  bool on_terminal = false;                        ///< both streams are a terminal; everything is in `out`
};

/// A program that runs, as a shell would start it.
class Process {
 public:
  explicit Process(const std::vector<std::string>& command, const RunOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Waits until `text` has been written to standard output, or the output has ended.
  void wait_for(const std::string& text);
  void send(int signal) const;
  [[nodiscard]] pid_t id() const { return process_; }
  /// No longer reads standard output, like a `head` that has seen enough.
  void close_out();
  Finished finish();

 private:
  [[nodiscard]] bool read_some();

  pid_t process_ = 0;
  int out_ = -1, errors_ = -1;
  Finished result_;
};

[[nodiscard]] Finished run(const std::vector<std::string>& command, const RunOptions& options = {});
/// The program of the same build, with these arguments.
[[nodiscard]] Finished run_talweg(std::vector<std::string> arguments, const RunOptions& options = {});
/// The same, of arguments that hold no blanks.
[[nodiscard]] Finished run_line(const std::string& arguments, const RunOptions& options = {});

/// The directory of the build's programs.
[[nodiscard]] std::filesystem::path program_directory();
[[nodiscard]] std::filesystem::path repository();
[[nodiscard]] std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);
[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

}  // namespace talweg
