#include "model/data/idx.hpp"

#include <bit>
#include <utility>

#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr std::size_t kTypePlace = 2, kAxesPlace = 3, kSizesPlace = 4, kSizeBytes = 4;

ElementFormat format_of(const DataBytes& data, unsigned type) {
  using Kind = ElementFormat::Kind;
  const auto of = [](Kind kind, int bytes) {
    return ElementFormat{kind, bytes, bytes > 1 && std::endian::native == std::endian::little};
  };
  switch (type) {
    case 0x08:
      return of(Kind::unsigned_integer, 1);
    case 0x09:
      return of(Kind::signed_integer, 1);
    case 0x0B:
      return of(Kind::signed_integer, 2);
    case 0x0C:
      return of(Kind::signed_integer, 4);
    case 0x0D:
      return of(Kind::floating, 4);
    case 0x0E:
      return of(Kind::floating, 8);
    default:
      throw data_error(data, kTypePlace,
                       "the type of the elements is " + std::to_string(type) +
                           "; IDX knows 8 and 9 (bytes), 11 and 12 (integers), 13 and 14 (floating numbers)");
  }
}

}  // namespace

StoredArray read_idx(DataBytes data) {
  if (data.bytes.empty()) throw data_error(data, "the file is empty");
  if (data.bytes.size() < kSizesPlace)
    throw data_error(data, "it is cut short within its header: an IDX file has at least 4 bytes");
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned>(data.bytes[i]); };
  if (byte_at(0) != 0 || byte_at(1) != 0)
    throw data_error(data, std::size_t{0},
                     "it is no IDX file, which begins with two zero bytes; these are " +
                         std::to_string(byte_at(0)) + " and " + std::to_string(byte_at(1)));
  const ElementFormat format = format_of(data, byte_at(kTypePlace));
  const unsigned axes = byte_at(kAxesPlace);
  const std::size_t begin = kSizesPlace + axes * kSizeBytes;
  if (data.bytes.size() < begin)
    throw data_error(data, "it is cut short within its header: the sizes of " + count(axes, "axis", "axes") +
                               " end at byte " + std::to_string(begin) + ", the file at byte " +
                               std::to_string(data.bytes.size()));
  std::vector<std::int64_t> sizes;
  for (std::size_t place = kSizesPlace; place < begin; place += kSizeBytes) {
    std::int64_t size = 0;
    for (std::size_t i = 0; i < kSizeBytes; ++i) size = size << 8 | byte_at(place + i);
    sizes.push_back(size);
  }
  const Shape shape = stored_shape(data, sizes);
  return stored_array(std::move(data), begin, format, shape);
}

}  // namespace talweg
