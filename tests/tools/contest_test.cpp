// What comes of it when the sides of a measurement take turns.

#include "bench/contest.hpp"

#include <gtest/gtest.h>

namespace talweg::speed {
namespace {

TEST(Contest, LetsAllTakeTurns) {
  std::string turns;
  const auto taking = [&](char name, std::optional<double> measured) -> Contestant {
    return [&turns, name, measured] {
      turns += name;
      return measured;
    };
  };
  const auto measured = contest(3, {taking('a', 2), taking('b', 7), taking('c', std::nullopt)});
  EXPECT_EQ(turns, "abcabcabc");
  EXPECT_EQ(measured, (std::vector<Measured>{{2, 2, 2}, {7, 7, 7}, {}}));
}

struct Case {
  const char* what;
  Measured ours, theirs;
  std::optional<double> least_of_ours, times_faster;
};

TEST(Contest, ComparesWhatWasMeasuredInOneRound) {
  const Case cases[] = {
      {"one round", {2}, {7}, 2, 3.5},
      {"the middle one of three", {2, 4, 1}, {6, 4, 8}, 1, 3},
      {"between the middle ones of four", {1, 1, 1, 1}, {2, 8, 4, 4}, 1, 4},
      {"a moment that is quiet for one side", {2, 2, 2}, {4, 1, 4}, 2, 2},
      {"a machine that is slower in between", {2, 20, 2}, {6, 60, 6}, 2, 3},
      {"nothing to compare with", {3, 2}, {}, 2, std::nullopt},
      {"nothing measured", {}, {5}, std::nullopt, std::nullopt},
  };
  for (const Case& one : cases) {
    const Row row = compared("work", "peer", one.ours, one.theirs, {Bar::Kind::faster, 3});
    EXPECT_EQ(row.ours, one.least_of_ours) << one.what;
    EXPECT_EQ(row.ratio().has_value(), one.times_faster.has_value()) << one.what;
    EXPECT_DOUBLE_EQ(row.ratio().value_or(0), one.times_faster.value_or(0)) << one.what;
    EXPECT_EQ(row.holds(), one.times_faster ? std::optional(*one.times_faster >= 3) : std::nullopt)
        << one.what;
  }
}

}  // namespace
}  // namespace talweg::speed
