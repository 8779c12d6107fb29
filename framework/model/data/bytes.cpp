#include "model/data/bytes.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "support/numbers.hpp"

namespace talweg {
namespace {

/// As much of a file as may be resident at once.
constexpr std::int64_t kMostResident = std::int64_t{256} << 20;
/// A page that is looked at brings its neighbours with it, as far as they are cached.
constexpr std::int64_t kBroughtAlong = std::int64_t{64} << 10;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw Error(Status::data, "it cannot be read: " + reason).at({path.string(), 0, 0, 1, ""});
}

/// Closes its descriptor at the end of a scope.
struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  // Without waiting for somebody who writes to a pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) < 0)
    refuse(path, std::system_category().message(errno));
  if (S_ISDIR(status.st_mode)) refuse(path, "it is a directory");
  if (!S_ISREG(status.st_mode)) refuse(path, "it is a pipe or a device");
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* const mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (mapped == MAP_FAILED) refuse(path, std::system_category().message(errno));
  first_ = static_cast<const std::byte*>(mapped);
}

MappedFile::~MappedFile() {
  if (first_ != nullptr) ::munmap(const_cast<std::byte*>(first_), size_);
}

void MappedFile::looked_at(std::int64_t bytes, std::int64_t pieces) const {
  if (static_cast<std::int64_t>(size_) <= kMostResident) return;
  const std::int64_t added = bytes + pieces * kBroughtAlong;
  if (resident_.fetch_add(added, std::memory_order_relaxed) + added < kMostResident) return;
  resident_.store(0, std::memory_order_relaxed);
  // A page that another thread reads right now comes back by itself.
  static_cast<void>(::madvise(const_cast<std::byte*>(first_), size_, MADV_DONTNEED));
}

DataBytes map_data_file(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<const MappedFile>(path);
  return {path.string(), "", mapping, mapping->bytes(), mapping.get()};
}

DataBytes bytes_in_memory(std::string file, std::string part, std::vector<std::byte> bytes) {
  const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  return {std::move(file), std::move(part), owner, *owner, nullptr};
}

Error data_error(const DataBytes& data, const std::string& message) {
  return Error(Status::data, data.part.empty() ? message : data.part + ": " + message)
      .at({data.file, 0, 0, 1, ""});
}

Error data_error(const DataBytes& data, std::size_t offset, const std::string& message) {
  return data_error(data, "at byte " + std::to_string(offset) + ": " + message);
}

}  // namespace talweg
