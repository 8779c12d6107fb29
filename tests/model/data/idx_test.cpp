// Arrays in the IDX format.

#include "model/data/idx.hpp"

#include <gtest/gtest.h>

#include "model/data/files.hpp"
#include "model/data/unpack.hpp"

namespace talweg {
namespace {

TEST(Idx, ReadsEveryType) {
  const struct {
    std::uint8_t type;
    const char* elements;
    std::vector<double> values;
  } cases[] = {
      {0x08, "00ff", {0, 255}},
      {0x09, "7fff", {127, -1}},
      {0x0B, "0102fffe", {258, -2}},
      {0x0C, "00010000ffffffff", {65536, -1}},
      {0x0D, "3f800000c0200000", {1, -2.5}},
      {0x0E, "3ff0000000000000bfe0000000000000", {1, -0.5}},
  };
  for (const auto& written : cases) {
    const StoredArray array = read_idx(in_memory(idx_file(written.type, {2}, from_hex(written.elements))));
    EXPECT_EQ(array.shape, Shape{2});
    EXPECT_EQ(values_of(array), written.values);
  }
  EXPECT_EQ(read_idx(in_memory(idx_file(0x08, {2, 1, 3}, "abcdef"))).shape, (Shape{2, 1, 3}));
}

TEST(Idx, RefusesWhatItIsNot) {
  const struct {
    std::string file, said;
  } cases[] = {
      {"", "the file is empty"},
      {std::string("\0\0\x08", 3), "cut short within its header"},
      {"P5 28", "at byte 0: it is no IDX file, which begins with two zero bytes; these are 80 and 53"},
      {idx_file(0x07, {1}, "a"), "at byte 2: the type of the elements is 7"},
      {idx_file(0x08, {1, 2}, "").substr(0, 9), "the sizes of 2 axes end at byte 12, the file at byte 9"},
      {idx_file(0x08, {3}, "ab"), "takes 3 bytes behind the header, and there are 2"},
      {idx_file(0x08, {3}, "abcd"), "at byte 11: an array of shape (3,)"},
      {idx_file(0x08, {0xFFFFFFFF, 0xFFFFFFFF}, "abcd"), "has more than 1099511627776 elements"},
      {idx_file(0x0E, {0xFFFFFFFF}, "abcd"), "takes 34359738360 bytes behind the header, and there are 4"},
      {idx_file(0x08, std::vector<std::uint32_t>(13, 1), "a"), "a shape of 13 axes"},
  };
  for (const auto& wrong : cases)
    EXPECT_NE(refusal_of([&] { static_cast<void>(read_idx(in_memory(wrong.file))); }).find(wrong.said),
              std::string::npos)
        << wrong.said << "\n"
        << refusal_of([&] { static_cast<void>(read_idx(in_memory(wrong.file))); });
}

TEST(Idx, DamagedIsRefusedOrAnArray) {
  const std::string file = idx_file(0x0B, {2, 3}, "abcdefghijkl");
  const std::size_t accepted = accepted_when_damaged(
      file, [](const DataBytes& data) { static_cast<void>(values_of(read_idx(data))); });
  EXPECT_EQ(accepted, 12U * 8);
}

TEST(Gzip, UnpacksAllMembers) {
  const auto unpacked = [](const std::string& file) {
    const DataBytes data = unpack_gzip(in_memory(file));
    return std::string(reinterpret_cast<const char*>(data.bytes.data()), data.bytes.size());
  };
  EXPECT_EQ(unpacked(packed("abc")), "abc");
  EXPECT_EQ(unpacked(packed("")), "");
  EXPECT_EQ(unpacked(packed("abc") + packed("def")), "abcdef");
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(unpacked(packed(large)), large);
}

TEST(Gzip, RefusesDamage) {
  const std::string file = packed(idx_file(0x08, {4}, "abcd"));
  const auto refusal = [](const std::string& wrong) {
    return refusal_of([&] { static_cast<void>(unpack_gzip(in_memory(wrong))); });
  };
  EXPECT_NE(refusal(file.substr(0, file.size() - 1)).find("it is cut short"), std::string::npos);
  std::string wrong_sum = file;
  wrong_sum[file.size() - 8] = static_cast<char>(wrong_sum[file.size() - 8] ^ 1);
  EXPECT_NE(refusal(wrong_sum).find("incorrect data check"), std::string::npos) << refusal(wrong_sum);
  EXPECT_NE(refusal(file + "xyz").find("3 bytes behind the end of the gzip content"), std::string::npos);
  // What may turn without a word is in the header: the time, the system.
  EXPECT_LE(
      accepted_when_damaged(
          file, [](const DataBytes& data) { static_cast<void>(values_of(read_idx(unpack_gzip(data)))); }),
      8U * 10);
}

}  // namespace
}  // namespace talweg
