// Texts as indexes of their characters.

#include "model/data/text.hpp"

#include <gtest/gtest.h>

#include "model/data/files.hpp"

namespace talweg {
namespace {

std::vector<double> characters(const std::string& text, std::optional<std::int64_t> window = {},
                               std::int64_t stride = 1) {
  return make_column(rows_of(read_text(in_memory(text)), window, stride), {}, DType::float64)->values();
}

TEST(Text, IsIndexesOfItsSortedCharacters) {
  const StoredText text = read_text(in_memory("banana\n"));
  EXPECT_EQ(text.alphabet, (std::vector<std::string>{"\n", "a", "b", "n"}));
  EXPECT_EQ(characters("banana\n"), (std::vector<double>{2, 1, 3, 1, 3, 1, 0}));
}

TEST(Text, StaysInItsFileWhereEveryCharacterIsAByte) {
  const DataBytes data = in_memory("banana");
  EXPECT_EQ(read_text(data).characters.data.bytes.data(), data.bytes.data());
}

TEST(Text, CountsCharactersOfUtf8) {
  const std::string text = "a\u00e4\u20ac\U0001F600\u00e4b";
  EXPECT_EQ(read_text(in_memory(text)).alphabet,
            (std::vector<std::string>{"a", "b", "\u00e4", "\u20ac", "\U0001F600"}));
  EXPECT_EQ(characters(text), (std::vector<double>{0, 2, 3, 4, 2, 1}));
}

TEST(Text, OfManyCharactersTakesTwoBytesEach) {
  std::string text;
  for (unsigned code = 0x400; code < 0x600; ++code) {
    text += static_cast<char>(0xC0U | code >> 6U);
    text += static_cast<char>(0x80U | (code & 0x3FU));
  }
  const StoredText read = read_text(in_memory(text));
  EXPECT_EQ(read.characters.format.bytes, 2);
  EXPECT_EQ(characters(text).back(), 0x1FF);
}

TEST(Text, HasWindowsThatOverlap) {
  EXPECT_EQ(characters("abcde", 3), (std::vector<double>{0, 1, 2, 1, 2, 3, 2, 3, 4}));
  EXPECT_EQ(characters("abcde", 2, 2), (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(characters("abcde", 5), (std::vector<double>{0, 1, 2, 3, 4}));
  EXPECT_NE(refusal_of([] {
              static_cast<void>(characters("abcde", 6));
            }).find("it has 5 characters, fewer than a window of 6"),
            std::string::npos);
}

TEST(Text, RefusesWhatIsNoUtf8) {
  const struct {
    const char* bytes;
    const char* said;
  } cases[] = {
      {"", "the file is empty"},
      {"61 ff", "at byte 1: the text is not UTF-8"},        // no byte of UTF-8
      {"61 62 80", "at byte 2: the text is not UTF-8"},     // continues nothing
      {"c3", "at byte 0: the text is not UTF-8"},           // cut
      {"c0 af", "at byte 0: the text is not UTF-8"},        // longer than it need be
      {"ed a0 80", "at byte 0: the text is not UTF-8"},     // half of a pair of UTF-16
      {"f4 90 80 80", "at byte 0: the text is not UTF-8"},  // beyond Unicode
  };
  for (const auto& wrong : cases)
    EXPECT_NE(
        refusal_of([&] { static_cast<void>(read_text(in_memory(from_hex(wrong.bytes)))); }).find(wrong.said),
        std::string::npos)
        << wrong.bytes;
}

TEST(Text, DamagedIsRefusedOrAText) {
  accepted_when_damaged("a\u00e4\u20ac\U0001F600", [](const DataBytes& data) {
    const StoredRows rows = rows_of(read_text(data), std::nullopt, 1);
    const std::vector<double> values = make_column(rows, {}, DType::float64)->values();
    EXPECT_EQ(values.size(), static_cast<std::size_t>(rows.raw.rows));
  });
}

}  // namespace
}  // namespace talweg
