// Which functions of an elementwise group one kernel computes together.

#include "program/steps/tile_calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "program/elementwise_functions.hpp"

namespace talweg {
namespace {

constexpr std::uint32_t kSingle = 100;  ///< views from here on are single numbers

TileOperand view(std::uint32_t index) { return {false, index}; }
TileOperand single(std::uint32_t index = 0) { return {false, kSingle + index}; }
TileOperand value(std::uint32_t index) { return {true, index}; }

TileValue made(const char* function, std::initializer_list<TileOperand> operands, bool stored = false) {
  TileValue result{*find_elementwise(function), {}, operands.size(), std::nullopt};
  std::ranges::copy(operands, result.operands.begin());
  if (stored) result.stored = 0;
  return result;
}

/// The values that calls compute, each with the number of operands of its kernel: "1:2 4:3".
std::string calls_of(const std::vector<TileValue>& values) {
  std::string text;
  for (const TileCall& call : calls_for(values, [](const TileValue&value, std::size_t operand) {
         return !value.operands[operand].is_value && value.operands[operand].index >= kSingle;
       }))
    text += (text.empty() ? "" : " ") + std::to_string(call.value) + ":" +
            std::to_string(std::ranges::count_if(call.operands, [](const auto& leaf) { return bool(leaf); }));
  return text;
}

TEST(TileCalls, TakeInWhatNobodyElseNeeds) {
  struct Case {
    const char* expression;
    std::vector<TileValue> values;
    const char* calls;
  };
  const Case cases[] = {
      {"exp(x)", {made("exp", {view(0)})}, "0:1"},
      {"x - s y",
       {made("multiply", {single(), view(1)}), made("subtract", {view(0), value(0)}, true)},
       "1:3"},
      {"(x / s)^(1/2)", {made("divide", {view(0), single()}), made("sqrt", {value(0)}, true)}, "1:2"},
      {"(x^(1/2))^2", {made("sqrt", {view(0)}), made("square", {value(0)}, true)}, "0:1 1:1"},
      {"s exp(x)", {made("exp", {view(0)}), made("multiply", {single(), value(0)}, true)}, "0:1 1:2"},
      {"s t x",
       {made("multiply", {single(0), single(1)}), made("multiply", {value(0), view(0)}, true)},
       "0:2 1:2"},
      {"s x + t y",
       {made("multiply", {single(0), view(0)}), made("multiply", {view(1), single(1)}),
        made("add", {value(0), value(1)}, true)},
       "2:4"},
      {"s x^2 + y z, the square to the right",
       {made("square", {view(0)}), made("multiply", {single(), value(0)}),
        made("multiply", {view(1), view(2)}), made("add", {value(1), value(2)}, true)},
       "3:4"},
      {"s x^2 - t y",
       {made("square", {view(0)}), made("multiply", {single(0), value(0)}),
        made("multiply", {single(1), view(1)}), made("subtract", {value(1), value(2)}, true)},
       "0:1 3:4"},
      {"x (s - y) y, the gradient of a sigmoid",
       {made("subtract", {single(), view(0)}), made("multiply", {view(1), value(0)}),
        made("multiply", {value(1), view(0)}, true)},
       "2:4"},
      {"x (y (s - y))",
       {made("subtract", {single(), view(0)}), made("multiply", {view(0), value(0)}),
        made("multiply", {view(1), value(1)}, true)},
       "2:4"},
      {"t (s - y) x",
       {made("subtract", {single(0), view(0)}), made("multiply", {single(1), value(0)}),
        made("multiply", {value(1), view(1)}, true)},
       "0:2 2:3"},
      {"relu(x + y)", {made("add", {view(0), view(1)}), made("relu", {value(0)}, true)}, "1:2"},
      {"relu(x^2)", {made("square", {view(0)}), made("relu", {value(0)}, true)}, "0:1 1:1"},
      {"where(x <= s, t, y), the gradient of relu",
       {made("less_equal", {view(0), single(0)}), made("where", {value(0), single(1), view(1)}, true)},
       "1:4"},
      {"where(s > x, x, y)",
       {made("greater", {single(), view(0)}), made("where", {value(0), view(0), view(1)}, true)},
       "0:2 1:3"},
      {"where(s < x, x, y)",
       {made("less", {single(), view(0)}), made("where", {value(0), view(0), view(1)}, true)},
       "1:4"},
      {"where(x == y, x, y)",
       {made("equal", {view(0), view(1)}), made("where", {value(0), view(0), view(1)}, true)},
       "0:2 1:3"},
      {"where(y, x < y, z)",
       {made("less", {view(0), view(1)}), made("where", {view(1), value(0), view(2)}, true)},
       "0:2 1:3"},
      {"a product that is stored",
       {made("multiply", {single(), view(0)}, true), made("add", {value(0), view(1)}, true)},
       "0:2 1:2"},
      {"a product with two readers",
       {made("multiply", {view(0), view(1)}), made("add", {value(0), view(2)}, true),
        made("subtract", {value(0), view(2)}, true)},
       "0:2 1:2 2:2"},
      {"a square by multiplication",
       {made("subtract", {view(0), view(1)}), made("multiply", {value(0), value(0)}, true)},
       "0:2 1:2"},
  };
  for (const auto& [expression, values, calls] : cases) EXPECT_EQ(calls_of(values), calls) << expression;
}

TEST(TileCalls, ReadMemoryBeforeAnythingIsWrittenThatMayTakeItsPlace) {
  const std::vector<TileValue> values = {made("multiply", {view(0), view(1)}),
                                         made("multiply", {single(), view(0)}, true),
                                         made("add", {value(0), value(1)}, true)};
  EXPECT_EQ(calls_of(values), "0:2 1:2 2:2")
      << "the first product reads view 0, whose place the second may take";
}

}  // namespace
}  // namespace talweg
