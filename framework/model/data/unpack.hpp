#pragma once

#include "model/data/bytes.hpp"

namespace talweg {

// What zlib packs (RFC 1951, RFC 1952). Memory is taken as unpacked bytes come, never for what a header says.

/// Does it begin as gzip does?
[[nodiscard]] bool is_gzip(const DataBytes& data);
/// The content of a gzip file, all its members, with their checksums compared. Throws Error{data} where it is
/// cut short or damaged, or something follows it.
[[nodiscard]] DataBytes unpack_gzip(const DataBytes& data);
/// The file mapped, or where it is gzip its content in memory.
[[nodiscard]] DataBytes read_data_file(const std::filesystem::path& path);

/// The content of a deflate stream, which is all of `packed` and unpacks to `size` bytes.
[[nodiscard]] std::vector<std::byte> unpack_deflate(const DataBytes& packed, std::uint64_t size);

}  // namespace talweg
