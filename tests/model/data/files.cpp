#include "model/data/files.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <talweg/error.hpp>

namespace talweg {

std::string from_hex(std::string_view digits) {
  std::string bytes, pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    bytes += static_cast<char>(std::stoi(pair, nullptr, 16));
    pair.clear();
  }
  return bytes;
}

std::string npy_file(const std::string& header, const std::string& elements) {
  std::string text = header;
  while ((text.size() + 11) % 64 != 0) text += ' ';
  text += '\n';
  return "\x93NUMPY" + std::string("\1\0", 2) + static_cast<char>(text.size() % 256) +
         static_cast<char>(text.size() / 256) + text + elements;
}

std::string idx_file(std::uint8_t type, const std::vector<std::uint32_t>& sizes,
                     const std::string& elements) {
  std::string file = {0, 0, static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes)
    for (const unsigned shift : {24U, 16U, 8U, 0U}) file += static_cast<char>(size >> shift & 0xFFU);
  return file + elements;
}

std::string packed(const std::string& content, bool raw) {
  z_stream stream{};
  const int window = raw ? -MAX_WBITS : 16 + MAX_WBITS;
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string result(deflateBound(&stream, content.size()), '\0');
  std::string input = content;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string npz_file(const std::string& array, const std::string& content) {
  std::string file;
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i, value >>= 8U) file += static_cast<char>(value & 0xFFU);
  };
  const std::string name = array + ".npy";
  const uLong checksum =
      crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
  const auto describe = [&] {
    for (const int zero : {2, 2, 2, 2, 2}) put(0, zero);
    put(checksum, 4);
    put(content.size(), 4);
    put(content.size(), 4);
    put(name.size(), 2);
    put(0, 2);
  };
  put(0x04034B50, 4);
  describe();
  file += name + content;
  const std::size_t list = file.size();
  put(0x02014B50, 4);
  put(0, 2);
  describe();
  for (const int zero : {2, 2, 2, 4, 4}) put(0, zero);
  file += name;
  const std::size_t size = file.size() - list;
  put(0x06054B50, 4);
  put(0, 4);
  put(1, 2);
  put(1, 2);
  put(size, 4);
  put(list, 4);
  put(0, 2);
  return file;
}

DataBytes in_memory(const std::string& content) {
  const auto* first = reinterpret_cast<const std::byte*>(content.data());
  return bytes_in_memory("file", "", {first, first + content.size()});
}

std::vector<double> values_of(const StoredArray& array) {
  const Shape shape = array.shape;
  StoredRows stored = rows_of(array, DType::float64);
  return DataColumn(stored.raw, shape, DType::float64).values();
}

std::string refusal_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::data) << error.what();
    return error.what();
  }
  return "accepted";
}

std::size_t accepted_when_damaged(const std::string& file,
                                  const std::function<void(const DataBytes&)>& read) {
  std::size_t accepted = 0;
  const auto attempt = [&](const std::string& damaged) {
    // In a string of its own, so that a sanitizer sees a byte too far.
    if (refusal_of([&] { read(in_memory(damaged)); }) == "accepted") ++accepted;
  };
  for (std::size_t size = 0; size < file.size(); ++size) attempt(file.substr(0, size));
  for (std::size_t i = 0; i < file.size(); ++i)
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string damaged = file;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ (1U << bit));
      attempt(damaged);
    }
  attempt(file + std::string(1, '\0'));
  attempt(file + file);
  return accepted;
}

}  // namespace talweg
