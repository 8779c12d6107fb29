#include <gtest/gtest.h>

#include <string>
#include <talweg/error.hpp>

namespace talweg {
namespace {

std::string shown(const std::string& line, int column, int length) {
  return Error(Status::model, "wrong").at({"file", 1, column, length, line}).what();
}

TEST(Error, ShowsAShortLineWhole) {
  EXPECT_EQ(shown("a: b + c", 4, 5), "file:1:4: error: wrong\n    1 | a: b + c\n      |    ^~~~~");
}

TEST(Error, ShowsTheCaretsPartOfALongLine) {
  const std::string line = std::string(500, 'x') + "HERE" + std::string(500, 'y');
  EXPECT_EQ(shown(line, 501, 4), "file:1:501: error: wrong\n    1 | ..." + std::string(60, 'x') + "HERE" +
                                     std::string(96, 'y') + "...\n      | " + std::string(63, ' ') + "^~~~");
  EXPECT_EQ(shown(line, 1, 2000), "file:1:1: error: wrong\n    1 | " + std::string(160, 'x') +
                                      "...\n      | ^" + std::string(159, '~'));
}

TEST(Error, CutsALongLineBetweenCharacters) {
  std::string line;
  for (int i = 0; i < 300; ++i) line += "\u00e9";
  std::string part;
  for (int i = 0; i < 160; ++i) part += "\u00e9";
  EXPECT_EQ(shown(line, 300, 1),
            "file:1:300: error: wrong\n    1 | ..." + part + "\n      | " + std::string(162, ' ') + "^");
}

TEST(Error, ShowsNoControlCharacters) {
  EXPECT_EQ(shown("a: \x1b[2J\x7f", 4, 1), "file:1:4: error: wrong\n    1 | a: ?[2J?\n      |    ^");
}

}  // namespace
}  // namespace talweg
