// Arrays in NumPy's archives.

#include "model/data/npz.hpp"

#include <gtest/gtest.h>

#include "model/data/files.hpp"
#include "model/data/npy.hpp"

namespace talweg {
namespace {

/// NumPy 1.24: np.savez(file, x=np.array([[1, 2], [3, 4]], np.uint8), y=np.array([0.5, -1], np.float32))
constexpr const char* kTwoArrays =
    "504b030414000000000000002100825f58eb840000008400000005001400782e6e707901001000840000000000000084"
    "00000000000000934e554d5059010076007b276465736372273a20277c7531272c2027666f727472616e5f6f72646572"
    "273a2046616c73652c20277368617065273a2028322c2032292c207d2020202020202020202020202020202020202020"
    "20202020202020202020202020202020202020202020202020202020202020202020202020200a01020304504b030414"
    "00000000000000210084a99aef880000008800000005001400792e6e7079010010008800000000000000880000000000"
    "0000934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a204661"
    "6c73652c20277368617065273a2028322c292c207d202020202020202020202020202020202020202020202020202020"
    "2020202020202020202020202020202020202020202020202020202020202020200a0000003f000080bf504b01021403"
    "14000000000000002100825f58eb8400000084000000050000000000000000000000800100000000782e6e7079504b01"
    "0214031400000000000000210084a99aef88000000880000000500000000000000000000008001bb000000792e6e7079"
    "504b05060000000002000200660000007a0100000000";
/// np.savez_compressed(file, x=np.array([[1, 2], [3, 4]], np.uint8))
constexpr const char* kPacked =
    "504b030414000000080000002100825f58eb4a0000008400000005001400782e6e70790100100084000000000000004a"
    "000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e536aa8aea3a09e965f54529498179f5f94920a"
    "12774bcc294e058a17672416a402f91a463a0a469a3a0ab50a64032e4626661600504b01021403140000000800000021"
    "00825f58eb4a00000084000000050000000000000000000000800100000000782e6e7079504b05060000000001000100"
    "33000000810000000000";

std::vector<double> array_of(const std::string& file, const std::optional<std::string>& name = {}) {
  return values_of(read_npy(read_npz(in_memory(file), name)));
}

std::string refusal_of_file(const std::string& file, const std::optional<std::string>& name = {}) {
  return refusal_of([&] { static_cast<void>(array_of(file, name)); });
}

/// A number of a ZIP record.
void put(std::string& file, std::size_t place, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8U)
    file[place + static_cast<std::size_t>(i)] = static_cast<char>(value & 0xFFU);
}

TEST(Npz, ReadsWhatNumPyWrites) {
  EXPECT_EQ(array_of(from_hex(kTwoArrays), "x"), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(array_of(from_hex(kTwoArrays), "y"), (std::vector<double>{0.5, -1}));
  EXPECT_EQ(array_of(from_hex(kPacked)), (std::vector<double>{1, 2, 3, 4}));
}

TEST(Npz, LeavesStoredArraysInTheirFile) {
  const DataBytes file = in_memory(from_hex(kTwoArrays));
  const DataBytes array = read_npz(file, "x");
  EXPECT_GE(array.bytes.data(), file.bytes.data());
  EXPECT_LE(array.bytes.data() + array.bytes.size(), file.bytes.data() + file.bytes.size());
}

TEST(Npz, ReadsSizesOf64Bits) {
  // The same archive with its list in the form that archives beyond 4 GB have.
  const std::string file = from_hex(kPacked);
  const std::size_t list = 129, end = file.size() - 22;
  std::string entry = file.substr(list, end - list);
  put(entry, 20, 0xFFFFFFFF, 4);
  put(entry, 24, 0xFFFFFFFF, 4);
  put(entry, 30, 4 + 16, 2);
  std::string extra(20, '\0');
  put(extra, 0, 1, 2);
  put(extra, 2, 16, 2);
  put(extra, 4, 0x84, 8);
  put(extra, 12, 0x4A, 8);
  std::string end64(56, '\0'), locator(20, '\0'), last = file.substr(end);
  put(end64, 0, 0x06064B50, 4);
  put(end64, 32, 1, 8);
  put(end64, 48, list, 8);
  put(locator, 0, 0x07064B50, 4);
  put(locator, 8, list + entry.size() + extra.size(), 8);
  put(last, 16, 0xFFFFFFFF, 4);
  const std::string head = file.substr(0, list) + entry + extra;
  EXPECT_EQ(array_of(head + end64 + locator + last), (std::vector<double>{1, 2, 3, 4}));
  accepted_when_damaged(head + end64 + locator + last, [](const DataBytes& data) {
    static_cast<void>(values_of(read_npy(read_npz(data, std::nullopt))));
  });
}

TEST(Npz, RefusesWhatIsWrong) {
  const std::string two = from_hex(kTwoArrays), packed_array = from_hex(kPacked);
  const auto changed = [](std::string file, std::size_t place, char byte) {
    file[place] = byte;
    return file;
  };
  const std::size_t list = 129;
  const struct {
    std::string file;
    std::optional<std::string> name;
    std::string said;
  } cases[] = {
      {"", {}, "the file is empty"},
      {"\x93NUMPY and more than enough bytes", {}, "it is no NPZ file, or is cut short"},
      {two, {}, "it has several arrays: x and y"},
      {two, "z", "it has no array 'z'"},
      {changed(two, 180, '\7'), "x", "array 'x': it is damaged: its checksum is wrong"},
      {changed(packed_array, list + 10, '\14'), {}, "array 'x': it is packed by ZIP's method 12"},
      {changed(packed_array, list + 8, '\1'), {}, "array 'x': it is encrypted"},
      {changed(packed_array, list + 24, '\x83'), {}, "it unpacks to more than the 131 bytes"},
      {changed(packed_array, list + 24, '\x85'), {}, "it unpacks to 132 bytes, not to the 133"},
      {changed(packed_array, list + 20, '\x49'), {}, "array 'x': it is cut short"},
      {changed(packed_array, list + 23, '\x7f'), {}, "an array reaches from byte 55 beyond its end"},
      {changed(packed_array, list + 42, '\1'), {}, "the header of array 'x' is due"},
  };
  for (const auto& wrong : cases) {
    const std::string refusal = refusal_of_file(wrong.file, wrong.name);
    EXPECT_NE(refusal.find(wrong.said), std::string::npos) << wrong.said << "\n" << refusal;
  }
}

TEST(Npz, DamagedIsRefusedOrTheSameArray) {
  for (const char* file : {kTwoArrays, kPacked})
    accepted_when_damaged(from_hex(file), [](const DataBytes& data) {
      // What is neither refused nor the array would be another array: a checksum holds the bytes together.
      EXPECT_EQ(values_of(read_npy(read_npz(data, "x"))), (std::vector<double>{1, 2, 3, 4}));
    });
}

}  // namespace
}  // namespace talweg
