#pragma once

#include <cstdint>
#include <filesystem>

namespace talweg {

/// The first bytes of a plugin's table, as they stand in its file.
struct LibraryHeader {
  std::uint64_t magic = 0;
  std::uint32_t api_version = 0;
  std::uint32_t struct_size = 0;
  std::uint32_t kind = 0;
  std::uint32_t needs = 0;

  friend bool operator==(const LibraryHeader&, const LibraryHeader&) = default;
};

/// Reads a shared library's file without running any of its code. Throws Error{plugin}, which says what is
/// wrong without naming the file, unless it is a regular file, a whole shared library for this machine that
/// defines the table `talweg_plugin` as constant data, of this API version, with a size and kind that are
/// known. Loading a library whose file is shorter than its tables say would end the process.
[[nodiscard]] LibraryHeader read_library_header(const std::filesystem::path& path);

}  // namespace talweg
