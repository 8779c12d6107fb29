#include "training/npz.hpp"

#include <zlib.h>

#include <cstdint>
#include <limits>
#include <talweg/error.hpp>

#include "training/npy.hpp"

namespace talweg {
namespace {

// Signatures and fields of PKWARE's APPNOTE 6.3.3, sections 4.3.7, 4.3.12 and 4.3.16.
constexpr std::uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kDirectoryEnd = 0x06054b50;
constexpr std::uint16_t kVersion = 20, kNamesAreUtf8 = 0x0800, kStored = 0;
// The first day that the format knows: 1980-01-01. The same weights give the same bytes.
constexpr std::uint16_t kTime = 0, kDate = 0x21;

void append(std::string& bytes, std::uint16_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void append(std::string& bytes, std::uint32_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// What local header and directory say of a file alike.
void append_description(std::string& bytes, const std::string& name, const std::string& content) {
  append(bytes, kVersion);
  append(bytes, kNamesAreUtf8);
  append(bytes, kStored);
  append(bytes, kTime);
  append(bytes, kDate);
  append(bytes, static_cast<std::uint32_t>(
                    crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size())));
  append(bytes, static_cast<std::uint32_t>(content.size()));
  append(bytes, static_cast<std::uint32_t>(content.size()));
  append(bytes, static_cast<std::uint16_t>(name.size()));
  append(bytes, std::uint16_t{0});  // no extra field
}

/// An entry of the directory for the file whose local header is at `offset`.
void append_entry(std::string& directory, const std::string& name, const std::string& content,
                  std::uint32_t offset) {
  append(directory, kDirectoryEntry);
  append(directory, kVersion);
  append_description(directory, name, content);
  append(directory, std::uint16_t{0});  // no comment
  append(directory, std::uint16_t{0});  // on the first disk
  append(directory, std::uint16_t{0});  // internal attributes
  append(directory, std::uint32_t{0});  // external attributes
  append(directory, offset);
  directory += name;
}

}  // namespace

std::string encode_npz(const std::vector<NamedTensor>& tensors) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint32_t>::max(),
                        kMostFiles = std::numeric_limits<std::uint16_t>::max() - 1;
  std::string bytes, directory;
  for (const NamedTensor& tensor : tensors) {
    const std::string name = tensor.name + ".npy";
    const std::string content =
        npy_header(tensor.dtype, tensor.shape) + npy_elements(tensor.dtype, tensor.values);
    if (tensors.size() > kMostFiles || name.size() > kMostFiles ||
        bytes.size() + directory.size() + content.size() + 4 * kMostFiles > kMost)
      throw Error(Status::files, "an NPZ file holds up to 4 GiB, and the tensors are larger")
          .set_hint("--safetensors has no such limit");
    append_entry(directory, name, content, static_cast<std::uint32_t>(bytes.size()));
    append(bytes, kLocalHeader);
    append_description(bytes, name, content);
    bytes += name;
    bytes += content;
  }
  const auto begin = static_cast<std::uint32_t>(bytes.size());
  bytes += directory;
  append(bytes, kDirectoryEnd);
  append(bytes, std::uint16_t{0});  // this disk
  append(bytes, std::uint16_t{0});  // that of the directory
  append(bytes, static_cast<std::uint16_t>(tensors.size()));
  append(bytes, static_cast<std::uint16_t>(tensors.size()));
  append(bytes, static_cast<std::uint32_t>(directory.size()));
  append(bytes, begin);
  append(bytes, std::uint16_t{0});  // no comment
  return bytes;
}

}  // namespace talweg
