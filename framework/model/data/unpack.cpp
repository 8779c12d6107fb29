#include "model/data/unpack.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;  ///< zlib's way to say: with gzip's header and checksum
constexpr int kRaw = -MAX_WBITS;       ///< without any
constexpr std::size_t kPiece = std::size_t{1} << 18;

/// zlib's inflate over bytes in memory.
class Inflation {
 public:
  Inflation(const DataBytes& packed, int window) : packed_(packed) {
    if (inflateInit2(&stream_, window) != Z_OK) throw data_error(packed_, "there is no memory to unpack it");
  }
  ~Inflation() { inflateEnd(&stream_); }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;

  /// Unpacks from where it stands to the end of the stream, appending to `content`, which may grow to `most`
  /// bytes. Throws Error{data}.
  void run(std::vector<std::byte>& content, std::uint64_t most) {
    for (int result = Z_OK; result != Z_STREAM_END;) {
      if (stream_.avail_in == 0) provide();
      const std::size_t before = content.size();
      content.resize(before + kPiece);
      stream_.next_out = reinterpret_cast<Bytef*>(content.data() + before);
      stream_.avail_out = static_cast<uInt>(kPiece);
      result = inflate(&stream_, Z_NO_FLUSH);
      content.resize(before + kPiece - stream_.avail_out);
      if (content.size() > most)
        throw data_error(packed_, "it unpacks to more than the " + std::to_string(most) + " bytes it should");
      if (result == Z_STREAM_END || result == Z_OK) continue;
      if (result == Z_BUF_ERROR && position() == packed_.bytes.size())
        throw data_error(packed_, "it is cut short: its packed content ends at byte " +
                                      std::to_string(position()) + " before it is complete");
      if (result == Z_MEM_ERROR) throw data_error(packed_, "there is no memory to unpack it");
      throw data_error(packed_, position(),
                       std::string("it is damaged and cannot be unpacked: ") +
                           (stream_.msg == nullptr ? "a dictionary is missing" : stream_.msg));
    }
  }

  /// Begins another stream where the last one ended.
  void restart() { inflateReset(&stream_); }

  /// The first packed byte that is not used yet.
  [[nodiscard]] std::size_t position() const { return provided_ - stream_.avail_in; }

 private:
  void provide() {
    const std::size_t left = packed_.bytes.size() - provided_;
    const std::size_t piece = std::min<std::size_t>(left, std::numeric_limits<uInt>::max());
    // zlib reads and does not write what next_in points to, const or not.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed_.bytes.data() + provided_));
    stream_.avail_in = static_cast<uInt>(piece);
    provided_ += piece;
  }

  const DataBytes& packed_;
  z_stream stream_{};
  std::size_t provided_ = 0;
};

}  // namespace

bool is_gzip(const DataBytes& data) {
  constexpr std::byte kMagic[] = {std::byte{0x1F}, std::byte{0x8B}, std::byte{0x08}};
  return data.bytes.size() >= std::size(kMagic) &&
         std::ranges::equal(data.bytes.first(std::size(kMagic)), kMagic);
}

DataBytes unpack_gzip(const DataBytes& data) {
  std::vector<std::byte> content;
  Inflation inflation(data, kGzip);
  for (;;) {
    inflation.run(content, std::numeric_limits<std::uint64_t>::max());
    const std::size_t end = inflation.position();
    if (end == data.bytes.size()) break;
    DataBytes rest = data;
    rest.bytes = data.bytes.subspan(end);
    if (!is_gzip(rest))
      throw data_error(data, end,
                       count(static_cast<std::int64_t>(rest.bytes.size()), "byte") +
                           " behind the end of the gzip content");
    inflation.restart();
  }
  content.shrink_to_fit();
  return bytes_in_memory(data.file, "unpacked", std::move(content));
}

DataBytes read_data_file(const std::filesystem::path& path) {
  DataBytes data = map_data_file(path);
  return is_gzip(data) ? unpack_gzip(data) : data;
}

std::vector<std::byte> unpack_deflate(const DataBytes& packed, std::uint64_t size) {
  std::vector<std::byte> content;
  Inflation inflation(packed, kRaw);
  inflation.run(content, size);
  if (content.size() != size)
    throw data_error(packed, "it unpacks to " + count(static_cast<std::int64_t>(content.size()), "byte") +
                                 ", not to the " + std::to_string(size) + " that the file says");
  if (inflation.position() != packed.bytes.size())
    throw data_error(
        packed, "its packed content ends " +
                    count(static_cast<std::int64_t>(packed.bytes.size() - inflation.position()), "byte") +
                    " earlier than the file says");
  return content;
}

}  // namespace talweg
