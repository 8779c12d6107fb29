// Where zeros are left out of products.

#include "program/nonzeros.hpp"

#include <gtest/gtest.h>

namespace talweg {
namespace {

struct Case {
  std::int64_t examples, columns, other_columns;
  double most;  ///< the largest part of nonzeros of which products are sooner; 0: none
};

constexpr Case kCases[] = {{128, 784, 256, 0.65}, {64, 64, 64, 0.65}, {63, 64, 64, 0.45},
                           {32, 784, 256, 0.45},  {31, 784, 256, 0},  {128, 63, 256, 0},
                           {128, 784, 63, 0}};

TEST(Nonzeros, AreWorthFindingWhereZerosCanBeLeftOut) {
  for (const Case& one : kCases)
    EXPECT_EQ(may_zeros_be_left_out(one.examples, one.columns, one.other_columns), one.most > 0)
        << one.examples << " x " << one.columns << ", " << one.other_columns;
}

TEST(Nonzeros, AreFewUpToAPartOfTheElements) {
  for (const Case& one : kCases) {
    if (one.most == 0) continue;
    const Nonzeros nonzeros{{0, one.examples, one.columns}, {}};
    const auto most = static_cast<std::uint64_t>(one.most * static_cast<double>(one.examples * one.columns));
    EXPECT_TRUE(nonzeros.are_few(most));
    EXPECT_FALSE(nonzeros.are_few(most + 1));
  }
}

TEST(Nonzeros, TakeALineAndAWordFor64OfARowOrColumn) {
  EXPECT_EQ(Nonzeros::bytes(128, 784), 64 + 8 * (13 * 128 + 2 * 784));
  EXPECT_EQ(Nonzeros::bytes(65, 64), 64 + 8 * (65 + 2 * 64));
}

}  // namespace
}  // namespace talweg
