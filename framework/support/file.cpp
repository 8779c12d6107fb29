#include "support/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
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
  const auto refuse_unless_unable = [&] {
    // A directory may be closed to readers, and some file systems cannot do this: there is nothing better.
    if (errno == EACCES || errno == EINVAL || errno == ENOTSUP) return;
    throw Error(Status::files,
                directory.string() + " cannot be written: " + std::system_category().message(errno));
  };
  const int descriptor =
      uninterrupted([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return refuse_unless_unable();
  const int result = uninterrupted([&] { return ::fsync(descriptor); });
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  if (result < 0) refuse_unless_unable();
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

namespace {

std::filesystem::path partial_of(std::filesystem::path path) { return path += ".partial"; }

Error cannot_be_written(const std::filesystem::path& path, const std::string& reason) {
  return Error(Status::files, path.string() + " cannot be written: " + reason);
}

/// A device or a pipe: a file in its place would not be what whoever has named it wants.
bool is_stream(const std::filesystem::path& path) {
  std::error_code problem;
  const std::filesystem::file_type type = std::filesystem::status(path, problem).type();
  return type == std::filesystem::file_type::character || type == std::filesystem::file_type::block ||
         type == std::filesystem::file_type::fifo;
}

/// A link of /proc to what a process holds open, as /dev/stdout leads to: the same holds of that.
bool is_held_open(const std::filesystem::path& link) {
  constexpr auto kFilesOfProcesses = 0x9FA0;  // PROC_SUPER_MAGIC of Linux
  struct statfs status {};
  return ::statfs(link.has_parent_path() ? link.parent_path().c_str() : ".", &status) == 0 &&
         status.f_type == kFilesOfProcesses;
}

/// The path that a file is put in place at, behind links; nothing where what is named is written as it
/// comes. Throws where a directory is there.
std::optional<std::filesystem::path> place_of(std::filesystem::path path) {
  if (is_stream(path)) return std::nullopt;
  constexpr int kMostLinks = 40;  // as many as Linux follows
  std::error_code problem;
  for (int i = 0; std::filesystem::is_symlink(path, problem); ++i) {
    if (i == kMostLinks) throw cannot_be_written(path, std::system_category().message(ELOOP));
    if (is_held_open(path)) return std::nullopt;
    const std::filesystem::path target = std::filesystem::read_symlink(path, problem);
    if (problem) throw cannot_be_written(path, problem.message());
    path = path.parent_path() / target;
  }
  if (std::filesystem::is_directory(path, problem))
    throw cannot_be_written(path, std::system_category().message(EISDIR));
  return path;
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code problem;
  std::filesystem::rename(from, to, problem);
  if (problem) throw cannot_be_written(to, problem.message());
}

/// Gives the file at `path` a second name. The file system may not know how to; then it is copied.
void keep_as(const std::filesystem::path& path, const std::filesystem::path& previous) {
  const std::filesystem::path partial = partial_of(previous);
  std::error_code problem;
  std::filesystem::remove(partial, problem);
  std::filesystem::create_hard_link(path, partial, problem);
  if (problem == std::errc::no_such_file_or_directory) return;
  if (problem)
    write_whole_file(previous, read_whole_file(path));
  else
    rename_file(partial, previous);
}

void replace_file(const std::filesystem::path& named, std::string_view text,
                  const std::filesystem::path* previous) {
  const std::optional<std::filesystem::path> place = place_of(named);
  if (!place) {
    File file = File::append(named);
    file.write(text);
    file.close();
    return;
  }
  const std::filesystem::path& path = *place;
  const std::filesystem::path partial = partial_of(path);
  try {
    File file = File::create(partial);
    file.write(text);
    file.sync();
    file.close();
    if (read_whole_file(partial) != text) throw cannot_be_written(path, "it reads back as something else");
    if (previous != nullptr) keep_as(path, *previous);
    rename_file(partial, path);
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    throw;
  }
  sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace

void write_whole_file(const std::filesystem::path& path, std::string_view text) {
  replace_file(path, text, nullptr);
}

void write_whole_file(const std::filesystem::path& path, std::string_view text,
                      const std::filesystem::path& previous) {
  replace_file(path, text, &previous);
}

FileInPieces::FileInPieces(const std::filesystem::path& path)
    : place_(place_of(path)), file_(place_ ? File::create(partial_of(*place_)) : File::append(path)) {}

FileInPieces::~FileInPieces() {
  std::error_code ignored;
  if (!finished_ && place_) std::filesystem::remove(partial_of(*place_), ignored);
}

void FileInPieces::finish() {
  if (place_) file_.sync();
  file_.close();
  if (!place_) return;
  rename_file(partial_of(*place_), *place_);
  finished_ = true;
  sync_directory(place_->has_parent_path() ? place_->parent_path() : ".");
}

std::string read_whole_file(const std::filesystem::path& path) { return File::read(path).read_to_end(); }

}  // namespace talweg
