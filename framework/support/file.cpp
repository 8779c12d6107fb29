#include "support/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <talweg/error.hpp>
#include <utility>

namespace talweg {
namespace {

/// Calls again what a signal has interrupted.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// A rename is on the disk once its directory is.
void sync_directory(const std::filesystem::path& directory) {
  const int descriptor =
      uninterrupted([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return;
  // Some file systems cannot do this, and then there is nothing better to do.
  static_cast<void>(uninterrupted([&] { return ::fsync(descriptor); }));
  ::close(descriptor);
}

}  // namespace

File File::create(const std::filesystem::path& path) {
  return {path, O_WRONLY | O_CREAT | O_TRUNC, "written"};
}

File File::append(const std::filesystem::path& path) {
  return {path, O_WRONLY | O_CREAT | O_APPEND, "written"};
}

File File::read(const std::filesystem::path& path) {
  // Without waiting for somebody who writes to a pipe.
  File file(path, O_RDONLY | O_NONBLOCK, "read");
  struct stat status {};
  if (::fstat(file.descriptor_, &status) < 0) file.refuse("read");
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
    throw Error(Status::files, path.string() + " cannot be read: it is a pipe or a device");
  return file;
}

File::File(std::filesystem::path path, int flags, const char* verb) : path_(std::move(path)) {
  constexpr mode_t kForAll = 0666;
  descriptor_ = uninterrupted([&] { return ::open(path_.c_str(), flags | O_CLOEXEC, kForAll); });
  if (descriptor_ < 0) refuse(verb);
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void File::refuse(const char* verb) const {
  const std::string reason = std::system_category().message(errno);
  throw Error(Status::files, path_.string() + " cannot be " + verb + ": " + reason);
}

void File::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = uninterrupted([&] { return ::write(descriptor_, text.data(), text.size()); });
    if (written < 0) refuse("written");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string File::read_to_end() {
  constexpr std::size_t kBlock = std::size_t{1} << 20U;
  std::string text;
  for (;;) {
    const std::size_t begin = text.size();
    text.resize(begin + kBlock);
    const ssize_t got = uninterrupted([&] { return ::read(descriptor_, text.data() + begin, kBlock); });
    if (got < 0) refuse("read");
    text.resize(begin + static_cast<std::size_t>(got));
    if (got == 0) return text;
  }
}

void File::sync() {
  if (uninterrupted([&] { return ::fsync(descriptor_); }) < 0) refuse("written");
}

void File::close() {
  // Not repeated when interrupted: the descriptor is free by then.
  if (::close(std::exchange(descriptor_, -1)) < 0 && errno != EINTR) refuse("written");
}

bool File::try_lock() {
  if (uninterrupted([&] { return ::flock(descriptor_, LOCK_EX | LOCK_NB); }) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  refuse("locked");
}

void write_whole_file(const std::filesystem::path& path, std::span<const std::string_view> parts) {
  std::filesystem::path partial = path;
  partial += ".partial";
  try {
    File file = File::create(partial);
    for (std::string_view part : parts) file.write(part);
    file.sync();
    file.close();
    std::error_code problem;
    std::filesystem::rename(partial, path, problem);
    if (problem) throw Error(Status::files, path.string() + " cannot be written: " + problem.message());
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw;
  }
  sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

void write_whole_file(const std::filesystem::path& path, std::string_view text) {
  write_whole_file(path, std::span(&text, 1));
}

std::string read_whole_file(const std::filesystem::path& path) { return File::read(path).read_to_end(); }

}  // namespace talweg
