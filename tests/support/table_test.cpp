#include "support/table.hpp"

#include <gtest/gtest.h>

namespace talweg {
namespace {

TEST(Table, AlignsColumnsWithoutBlanksAtTheEndsOfLines) {
  EXPECT_EQ(format_table({{"name", "size"}, {"a", "100", "long"}, {"alpha", "7", ""}}, "lr", "> "),
            "> name   size\n"
            "> a       100  long\n"
            "> alpha     7\n");
  EXPECT_EQ(format_table({}), "");
}

TEST(Table, CountsCharactersAndNotBytes) {
  EXPECT_EQ(display_width("größe"), 5U);
  EXPECT_EQ(format_table({{"ä", "x"}, {"bb", "y"}}), "ä   x\nbb  y\n");
}

}  // namespace
}  // namespace talweg
