// How often the sides of a measurement take turns.

#include "bench/contest.hpp"

#include <gtest/gtest.h>

namespace talweg::speed {
namespace {

struct Case {
  const char* what;
  int rounds;
  std::vector<double> ours;  ///< round by round, and then the last one again
  std::size_t expected;      ///< rounds that are made
  double least;
};

TEST(Contest, EndsWhenNobodyHasBecomeFasterForSomeRounds) {
  const Case cases[] = {
      {"always the same", 3, {1}, 3, 1},
      {"one round", 1, {5, 1}, 1, 5},
      {"faster once", 3, {2, 2, 1}, 5, 1},
      {"slower in between", 3, {2, 3, 1, 4}, 5, 1},
      {"hardly faster", 3, {1, 0.995, 0.994}, 3, 0.994},
      {"faster and faster", 2, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0.5}, 10, 1},
  };
  for (const Case& one : cases) {
    std::size_t ours = 0, theirs = 0;
    const auto best = contest(
        one.rounds, {[&] { return std::optional(one.ours[std::min(ours++, one.ours.size() - 1)]); },
                     [&] { return ++theirs, std::optional(7.0); }, [] { return std::optional<double>(); }});
    EXPECT_EQ(ours, one.expected) << one.what;
    EXPECT_EQ(theirs, ours) << one.what;
    EXPECT_EQ(best, (std::vector<std::optional<double>>{one.least, 7.0, std::nullopt})) << one.what;
  }
}

}  // namespace
}  // namespace talweg::speed
