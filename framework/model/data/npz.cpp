#include "model/data/npz.hpp"

#include <zlib.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "model/data/unpack.hpp"
#include "model/fields.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

// Where the fields of ZIP's records stand. All numbers have their lowest byte first.
constexpr std::uint64_t kEndMark = 0x06054B50, kEndSize = 22, kEndEntries = 10, kEndDirectory = 16;
constexpr std::uint64_t kLongestComment = 0xFFFF;
constexpr std::uint64_t kLocatorMark = 0x07064B50, kLocatorSize = 20, kLocatorEnd = 8;
constexpr std::uint64_t kEnd64Mark = 0x06064B50, kEnd64Size = 56, kEnd64Entries = 32, kEnd64Directory = 48;
constexpr std::uint64_t kEntryMark = 0x02014B50, kEntrySize = 46;
constexpr std::uint64_t kLocalMark = 0x04034B50, kLocalSize = 30, kLocalName = 26, kLocalExtra = 28;
constexpr std::uint64_t kExtra64 = 0x0001;
constexpr std::uint64_t kIn64Bits = 0xFFFFFFFF, kEntriesIn64Bits = 0xFFFF;
constexpr std::uint64_t kEncrypted = 1, kStored = 0, kDeflated = 8;

/// Numbers of 1 to 8 bytes at any place of a file.
class Numbers {
 public:
  explicit Numbers(const DataBytes& data) : data_(data) {}

  [[nodiscard]] std::uint64_t size() const { return data_.bytes.size(); }
  /// Throws where `length` bytes from `place` are not all in the file.
  void require(std::uint64_t place, std::uint64_t length, const char* what) const {
    if (place <= size() && length <= size() - place) return;
    throw data_error(data_, std::string("it is cut short or damaged: ") + what + " reaches from byte " +
                                std::to_string(place) + " beyond its end at byte " + std::to_string(size()));
  }
  [[nodiscard]] std::uint64_t at(std::uint64_t place, int bytes) const {
    std::uint64_t value = 0;
    for (int i = bytes; i > 0; --i)
      value =
          value << 8U | static_cast<std::uint64_t>(data_.bytes[place + static_cast<std::uint64_t>(i) - 1]);
    return value;
  }
  /// Does a record with this mark begin here?
  [[nodiscard]] bool has_mark(std::uint64_t place, std::uint64_t mark) const { return at(place, 4) == mark; }

 private:
  const DataBytes& data_;
};

struct Member {
  std::string name;
  std::uint64_t flags = 0, method = 0, checksum = 0, packed_size = 0, size = 0, place = 0;
};

/// The list of an archive's members at its end.
class Directory {
 public:
  explicit Directory(const DataBytes& data) : data_(data), numbers_(data) {}

  std::vector<Member> read() {
    find();
    std::vector<Member> members;
    std::uint64_t place = place_;
    for (std::uint64_t i = 0; i < entries_; ++i) {
      numbers_.require(place, kEntrySize, "its list of arrays");
      if (!numbers_.has_mark(place, kEntryMark))
        throw data_error(data_, place, "an entry of the archive's list is due, and this is none");
      members.push_back(entry(place));
    }
    return members;
  }

 private:
  void find() {
    if (numbers_.size() < kEndSize) refuse();
    std::uint64_t end = numbers_.size() - kEndSize;
    const std::uint64_t least = end > kLongestComment ? end - kLongestComment : 0;
    while (!numbers_.has_mark(end, kEndMark)) {
      if (end == least) refuse();
      --end;
    }
    entries_ = numbers_.at(end + kEndEntries, 2);
    place_ = numbers_.at(end + kEndDirectory, 4);
    if ((place_ != kIn64Bits && entries_ != kEntriesIn64Bits) || end < kLocatorSize ||
        !numbers_.has_mark(end - kLocatorSize, kLocatorMark))
      return;
    const std::uint64_t end64 = numbers_.at(end - kLocatorSize + kLocatorEnd, 8);
    numbers_.require(end64, kEnd64Size, "its list of arrays");
    if (!numbers_.has_mark(end64, kEnd64Mark))
      throw data_error(data_, end64, "the end of the archive's list is due, and this is none");
    entries_ = numbers_.at(end64 + kEnd64Entries, 8);
    place_ = numbers_.at(end64 + kEnd64Directory, 8);
  }

  [[noreturn]] void refuse() const {
    throw data_error(data_,
                     "it is no NPZ file, or is cut short: a ZIP archive ends with its list of members");
  }

  /// Reads the entry at `place`, which then is behind it.
  Member entry(std::uint64_t& place) const {
    constexpr std::uint64_t kFlags = 8, kMethod = 10, kChecksum = 16, kPacked = 20, kSize = 24,
                            kNameLength = 28, kExtraLength = 30, kCommentLength = 32, kLocal = 42;
    const auto field = [&](std::uint64_t offset, int bytes) { return numbers_.at(place + offset, bytes); };
    const std::uint64_t name = field(kNameLength, 2), extra = field(kExtraLength, 2);
    numbers_.require(place + kEntrySize, name + extra, "its list of arrays");
    Member member;
    member.name.assign(reinterpret_cast<const char*>(data_.bytes.data()) + place + kEntrySize, name);
    member.flags = field(kFlags, 2);
    member.method = field(kMethod, 2);
    member.checksum = field(kChecksum, 4);
    member.packed_size = field(kPacked, 4);
    member.size = field(kSize, 4);
    member.place = field(kLocal, 4);
    read_extra(member, place + kEntrySize + name, extra);
    place += kEntrySize + name + extra + field(kCommentLength, 2);
    return member;
  }

  /// Sizes that do not fit 32 bits stand in an extra field, in this order.
  void read_extra(Member& member, std::uint64_t place, std::uint64_t length) const {
    constexpr std::uint64_t kHead = 4, kNumber = 8;
    const std::uint64_t end = place + length;
    while (end - place >= kHead) {
      const std::uint64_t kind = numbers_.at(place, 2), size = numbers_.at(place + 2, 2);
      place += kHead;
      if (size > end - place) return;
      const std::uint64_t field_end = place + size;
      if (kind == kExtra64)
        for (std::uint64_t* number : {&member.size, &member.packed_size, &member.place}) {
          if (*number != kIn64Bits || field_end - place < kNumber) continue;
          *number = numbers_.at(place, static_cast<int>(kNumber));
          place += kNumber;
        }
      place = field_end;
    }
  }

  const DataBytes& data_;
  Numbers numbers_;
  std::uint64_t entries_ = 0, place_ = 0;
};

std::string array_name(const Member& member) {
  constexpr std::string_view kSuffix = ".npy";
  return member.name.ends_with(kSuffix) ? member.name.substr(0, member.name.size() - kSuffix.size())
                                        : member.name;
}

const Member& find_member(const DataBytes& data, const std::vector<Member>& members,
                          const std::optional<std::string>& array) {
  std::vector<std::string> names;
  names.reserve(members.size());
  for (const Member& member : members) names.push_back(array_name(member));
  if (members.empty()) throw data_error(data, "there are no arrays in it");
  if (!array) {
    if (members.size() == 1) return members.front();
    throw data_error(data, "it has several arrays: " + join(names))
        .set_hint("name one: array: " + names.front());
  }
  const auto found = std::ranges::find(names, *array);
  if (found == names.end())
    throw data_error(data, "it has no array '" + *array + "'")
        .note("its arrays are " + join(names))
        .set_hint(did_you_mean(*array, names));
  return members[static_cast<std::size_t>(found - names.begin())];
}

std::uint64_t checksum_of(const DataBytes& data) {
  constexpr std::size_t kPiece = std::size_t{1} << 24;
  uLong sum = crc32(0, nullptr, 0);
  for (std::size_t begin = 0; begin < data.bytes.size(); begin += kPiece) {
    const auto piece = data.bytes.subspan(begin, std::min(kPiece, data.bytes.size() - begin));
    sum = crc32(sum, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size()));
    if (data.mapping != nullptr) data.mapping->looked_at(static_cast<std::int64_t>(piece.size()), 1);
  }
  return sum;
}

}  // namespace

DataBytes read_npz(const DataBytes& data, const std::optional<std::string>& array) {
  if (data.bytes.empty()) throw data_error(data, "the file is empty");
  const std::vector<Member> members = Directory(data).read();
  const Member& member = find_member(data, members, array);
  const Numbers numbers(data);
  numbers.require(member.place, kLocalSize, "an array's header");
  if (!numbers.has_mark(member.place, kLocalMark))
    throw data_error(data, member.place,
                     "the header of array '" + array_name(member) + "' is due, and this is none");
  const std::uint64_t begin = member.place + kLocalSize + numbers.at(member.place + kLocalName, 2) +
                              numbers.at(member.place + kLocalExtra, 2);
  numbers.require(begin, member.packed_size, "an array");
  DataBytes content = data;
  content.part = "array '" + array_name(member) + "'";
  content.bytes = data.bytes.subspan(begin, member.packed_size);
  if ((member.flags & kEncrypted) != 0) throw data_error(content, "it is encrypted");
  if (member.method == kDeflated)
    content = bytes_in_memory(data.file, content.part, unpack_deflate(content, member.size));
  else if (member.method != kStored)
    throw data_error(content, "it is packed by ZIP's method " + std::to_string(member.method) +
                                  "; np.savez and np.savez_compressed use 0 and 8");
  else if (member.size != member.packed_size)
    throw data_error(content, "it is stored in " + std::to_string(member.packed_size) +
                                  " bytes and should have " + std::to_string(member.size));
  if (checksum_of(content) != member.checksum)
    throw data_error(content, "it is damaged: its checksum is wrong");
  return content;
}

}  // namespace talweg
