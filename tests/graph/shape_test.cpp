#include "graph/shape.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <talweg/error.hpp>

namespace talweg {
namespace {

struct BroadcastCase {
  Shape a, b;
  std::optional<Shape> both;
};

TEST(Shapes, BroadcastAsNumPys) {
  const std::vector<BroadcastCase> cases = {
      {{}, {}, Shape{}},          {{}, {2, 3}, Shape{2, 3}}, {{3}, {2, 3}, Shape{2, 3}},
      {{2, 1}, {3}, Shape{2, 3}}, {{1}, {0}, Shape{0}},      {{2, 1, 3}, {4, 1}, Shape{2, 4, 3}},
      {{2}, {3}, std::nullopt},   {{0}, {2}, std::nullopt},  {{2, 3}, {2}, std::nullopt},
  };
  for (const BroadcastCase& tested : cases) {
    EXPECT_EQ(broadcast(tested.a, tested.b), tested.both) << to_string(tested.a) << to_string(tested.b);
    EXPECT_EQ(broadcast(tested.b, tested.a), tested.both) << to_string(tested.b) << to_string(tested.a);
  }
}

TEST(Shapes, ArePrintedAsNumPyPrintsThem) {
  EXPECT_EQ(to_string(Shape{}), "()");
  EXPECT_EQ(to_string(Shape{4}), "(4,)");
  EXPECT_EQ(to_string(Shape{4, 3}), "(4, 3)");
}

TEST(Shapes, FromOutsideAreHeldToWhatFitsAMachine) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::vector<std::int64_t>> refused = {{-1},
                                                          {kHuge},
                                                          {kHuge, kHuge, kHuge},
                                                          {0, kHuge, kHuge},
                                                          {kHuge, kHuge, 0},
                                                          std::vector<std::int64_t>(13, 1)};
  for (const auto& sizes : refused) EXPECT_THROW(static_cast<void>(Shape::checked(sizes)), Error);
  EXPECT_EQ(Shape::checked(std::vector<std::int64_t>{0, 5}).elements(), 0);
  EXPECT_EQ(Shape::checked(std::vector<std::int64_t>(12, 1)).elements(), 1);
}

TEST(Axes, CountFromTheEndWhereNegativeAndComeOutAscending) {
  using Axes = std::vector<std::int64_t>;
  EXPECT_EQ(normalize_axes(std::nullopt, 3, "op"), (Axes{0, 1, 2}));
  EXPECT_EQ(normalize_axes(Axes{}, 3, "op"), Axes{});
  EXPECT_EQ(normalize_axes(Axes{-1, 0}, 3, "op"), (Axes{0, 2}));
  for (const Axes& axes : {Axes{3}, Axes{-4}, Axes{0, -3}})
    EXPECT_THROW(static_cast<void>(normalize_axes(axes, 3, "op")), Error);
}

}  // namespace
}  // namespace talweg
