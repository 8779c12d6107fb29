// Numbers that are known when the model is read, as Python computes them.

#include "model/constants.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <string>
#include <talweg/error.hpp>
#include <vector>

#include "model/model.hpp"

namespace talweg {
namespace {

double value_of(const std::string& expression) {
  const CheckedModel model = load_model_text("talweg: 1\nlet: {a: \"" + expression + "\"}\n", "file");
  return model.lets[0].second;
}

struct Case {
  std::string expression;
  double value;
};

TEST(Constants, AreWhatPythonComputes) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Case> cases = {
      {"1 + 2 * 3", 7},
      {"7 / 2", 3.5},
      {"7 // 2", 3},
      {"-7 // 2", -4},
      {"7 // -2", -4},
      {"7 % 3", 1},
      {"-7 % 3", 2},
      {"7 % -3", -2},
      {"-7.5 % 2", 0.5},
      {"7.5 // 2", 3},
      {"2 ** 10", 1024},
      {"2 ** -1", 0.5},
      {"-2 ** 2", -4},
      {"(-2) ** 3", -8},
      {"2 ** 3 ** 2", 512},
      {"0 ** 0", 1},
      {"2 ** 62 - 1 + 2 ** 62", 9223372036854775807.0},
      {"9007199254740993 - 9007199254740992", 1},
      {"2 ** 63", 9223372036854775808.0},
      {"10 ** 20", 1e20},
      {"9223372036854775807 + 1", 9223372036854775808.0},
      {"9 ** 9 ** 9", inf},
      {"1e-3", 1e-3},
      {"1_000.5", 1000.5},
      {".5", 0.5},
      {"5.", 5},
      {"1e-400", 0},
      {"pi", 3.141592653589793},
      {"np.pi / 2", 1.5707963267948966},
      {"e", 2.718281828459045},
      {"-inf", -inf},
      {"1 < 2", 1},
      {"1 == 1.0", 1},
      {"(3 > 2) + (3 != 2)", 2},
      {"True + True", 2},
      {"-True", -1},
      {"sqrt(2)", std::sqrt(2.0)},
      {"np.exp(1)", std::exp(1.0)},
      {"log(10)", std::log(10.0)},
      {"abs(-3)", 3},
      {"max(1, 2.5, 2)", 2.5},
      {"min(1, 2)", 1},
      {"int(2.9)", 2},
      {"int(-2.9)", -2},
      {"float(3) / 2", 1.5},
      {"round(2.5)", 2},
      {"floor(-0.5)", -1},
      {"ceil(1/3)", 1},
      {"len([1, 2, 3])", 3},
      {"[1, 2, 3][-1]", 3},
      {"len([1, 2, 3, 4][1:3])", 2},
  };
  for (const Case& c : cases) EXPECT_EQ(value_of(c.expression), c.value) << c.expression;
  EXPECT_TRUE(std::isnan(value_of("nan")));
  EXPECT_TRUE(std::signbit(value_of("-0.0")));
}

TEST(Constants, StayIntegersWhereAllPartsAre) {
  for (const char* shape : {"2 ** 3", "7 // 2", "int(2.5)", "len([1, 2])", "8 / 2", "1e1"})
    EXPECT_NO_THROW(static_cast<void>(load_model_text(
        std::string("talweg: 1\nparameters: {w: {shape: [\"") + shape + "\"], init: zeros}}\n", "file")))
        << shape;
}

TEST(Constants, AreRefusedWherePythonRefuses) {
  for (const char* expression :
       {"1 / 0", "1 // 0", "1 % 0", "0 ** -1", "1.0 / 0.0", "1 @ 2", "[1] + 1", "'a' + 1", "-'a'", "None + 1",
        "int(1e300)", "int(nan)", "[1][1]", "sqrt", "sqrt(1, 2)"})
    EXPECT_THROW(static_cast<void>(value_of(expression)), Error) << expression;
}

TEST(Constants, DoNotDependOnTheLocale) {
  const char* before = std::setlocale(LC_NUMERIC, "de_DE.UTF-8");
  EXPECT_EQ(value_of("0.001"), 1e-3);
  if (before != nullptr) std::setlocale(LC_NUMERIC, "C");
}

}  // namespace
}  // namespace talweg
