#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <talweg/error.hpp>
#include <vector>

namespace talweg {

/// A file in the address space: its pages are read when they are looked at. Whoever shortens the file while
/// it is mapped ends this process (SIGBUS).
class MappedFile {
 public:
  /// Throws Error{data} that names the file: it cannot be opened, or is no regular file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {first_, size_}; }
  /// Says that `bytes` of it have been looked at in `pieces` pieces. Of a large file the pages are given back
  /// from time to time, so that no more than some hundred MiB of it are resident; they stay in the system's
  /// cache. Safe from several threads.
  void looked_at(std::int64_t bytes, std::int64_t pieces) const;

 private:
  const std::byte* first_ = nullptr;
  std::size_t size_ = 0;
  mutable std::atomic<std::int64_t> resident_ = 0;  ///< an upper bound, since pages were last given back
};

/// What a data file holds, or a part of it.
struct DataBytes {
  std::string file;                   ///< as errors name it
  std::string part;                   ///< what of the file it is, for errors: "unpacked"; "": all
  std::shared_ptr<const void> owner;  ///< keeps `bytes` alive
  std::span<const std::byte> bytes;
  const MappedFile* mapping = nullptr;  ///< where they lie in it
};

/// The file as it is, mapped.
[[nodiscard]] DataBytes map_data_file(const std::filesystem::path& path);
/// Bytes in memory under the name of a file.
[[nodiscard]] DataBytes bytes_in_memory(std::string file, std::string part, std::vector<std::byte> bytes);

/// Error{data} at the file.
[[nodiscard]] Error data_error(const DataBytes& data, const std::string& message);
/// The same at one byte of it: "FILE: error: at byte 8: ...".
[[nodiscard]] Error data_error(const DataBytes& data, std::size_t offset, const std::string& message);

}  // namespace talweg
