#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "training/records.hpp"

namespace talweg {

/// What a file of the format safetensors holds.
struct TensorFile {
  std::vector<NamedTensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;

  /// Null where there is none of that name.
  [[nodiscard]] const std::string* find_metadata(std::string_view name) const;
};

/// The bytes of such a file: the length of the header (8 bytes, little-endian), the header in JSON, the
/// elements as F32, F64 or I64 after each other. Its metadata gets an entry "checksum", 64-bit FNV-1a over
/// all other bytes, and "checksums", those of the tensors' bytes, as a JSON object. REQUIRES: the names of
/// tensors differ, none is boolean.
[[nodiscard]] std::string encode_safetensors(const TensorFile& file);

/// The reverse; files by others, without a checksum, too. Throws Error{files} that begins with `name` and
/// says what is wrong: not such a file, cut short, changed, a type or an integer that is not read exactly.
[[nodiscard]] TensorFile decode_safetensors(std::string_view bytes, const std::string& name);

}  // namespace talweg
