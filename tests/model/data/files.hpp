#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/data/column_options.hpp"
#include "model/data/stored_array.hpp"

namespace talweg {

// Data files as tests write them.

/// "0a ff" as two bytes.
[[nodiscard]] std::string from_hex(std::string_view digits);
/// An NPY file of version 1.0 as NumPy writes it: `header` is its Python dictionary.
[[nodiscard]] std::string npy_file(const std::string& header, const std::string& elements);
/// An IDX file.
[[nodiscard]] std::string idx_file(std::uint8_t type, const std::vector<std::uint32_t>& sizes,
                                   const std::string& elements);
/// As gzip packs it; `raw`: the bare deflate stream.
[[nodiscard]] std::string packed(const std::string& content, bool raw = false);
/// An NPZ file of one array, stored: `content` is its NPY file.
[[nodiscard]] std::string npz_file(const std::string& array, const std::string& content);
/// The content of a file called "file" that lies in memory.
[[nodiscard]] DataBytes in_memory(const std::string& content);

/// Every value of an array, by rows.
[[nodiscard]] std::vector<double> values_of(const StoredArray& array);
/// The text of the Error{data} that `read` ends with; "accepted" where it does not.
[[nodiscard]] std::string refusal_of(const std::function<void()>& read);

/// Calls `read` with the file cut at every length, with every bit turned and with bytes appended. What it
/// returns or throws must be an Error{data} or nothing; returns how many it has accepted.
std::size_t accepted_when_damaged(const std::string& file, const std::function<void(const DataBytes&)>& read);

}  // namespace talweg
