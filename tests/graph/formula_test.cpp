#include "graph/formula.hpp"

#include <gtest/gtest.h>

#include "graph/value.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

class Formula : public testing::Test {
 protected:
  Formula() { register_ops(); }

  Value leaf(const std::string& name, const Shape& shape = {3}) {
    return graph_.add_leaf("data", name, shape, DType::float64);
  }
  [[nodiscard]] std::vector<std::string> lines(Value value) const {
    return formula_of(graph_, {{"y", value.id()}});
  }

  Graph graph_;
};

using Lines = std::vector<std::string>;

TEST_F(Formula, HasTheBracketsThatItsMeaningNeeds) {
  const Value a = leaf("a"), b = leaf("b"), c = leaf("c");
  EXPECT_EQ(lines(a - (b - c)), Lines{"y = a - (b - c)"});
  EXPECT_EQ(lines((a - b) - c), Lines{"y = a - b - c"});
  EXPECT_EQ(lines((a + b) * c / (a * b)), Lines{"y = (a + b) * c / (a * b)"});
  EXPECT_EQ(lines(emit("power", {-a, b})), Lines{"y = (-a) ** b"});
  EXPECT_EQ(lines(emit("power", {a, emit("power", {b, c})})), Lines{"y = a ** b ** c"});
  EXPECT_EQ(lines(emit("power", {emit("power", {a, b}), c})), Lines{"y = (a ** b) ** c"});
  EXPECT_EQ(lines(emit("power", {a, constant(graph_, -2)})), Lines{"y = a ** (-2)"});
  EXPECT_EQ(lines(-(a * b)), Lines{"y = -(a * b)"});
  EXPECT_EQ(lines(where(compare("less", a, 0), -a, a)), Lines{"y = where(a < 0, -a, a)"});
}

TEST_F(Formula, GivesALineToWhatIsUsedTwiceUnlessItIsAShortNumber) {
  const Value a = leaf("a"), t = leaf("t", {});
  const Value squared = a * a, next = t + 1;
  EXPECT_EQ(lines(squared / (squared + next) - next),
            (Lines{"u1 = a * a", "y = u1 / (u1 + (t + 1)) - (t + 1)"}));
}

TEST_F(Formula, OfSeveralOutputsUsesOneInTheOther) {
  const Value a = leaf("a"), b = leaf("b");
  const Value sum = a + b, product = sum * a;
  EXPECT_EQ(formula_of(graph_, {{"p", product.id()}, {"s", sum.id()}, {"same", a.id()}}),
            (Lines{"same = a", "s = a + b", "p = s * a"}));
}

TEST_F(Formula, DividesALongExpression) {
  Value sum = leaf("first");
  for (int i = 0; i < 2000; ++i) sum = sum + leaf("a_name_" + std::to_string(i));
  for (const std::string& line : lines(sum)) EXPECT_LT(line.size(), 150U) << line;
}

}  // namespace
}  // namespace talweg
