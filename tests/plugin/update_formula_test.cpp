// What `describe` says of an update is what the rule emits.

#include "plugin/update_formula.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "plugin/test_plugins.hpp"

namespace talweg {
namespace {

using Lines = std::vector<std::string>;

std::vector<UpdateFormula> formulas_of(const std::string& name) {
  return update_formulas(*load_rule(name, PluginPath::standard()));
}

TEST(UpdateFormula, IsThePapers) {
  EXPECT_EQ(formulas_of("gd")[0].lines, Lines{"x' = x - alpha * (g + weight_decay * x)"});
  EXPECT_EQ(formulas_of("adam")[0].lines,
            (Lines{"u1 = g + weight_decay * x", "m' = beta1 * m + (1 - beta1) * u1",
                   "v' = beta2 * v + (1 - beta2) * square(u1)",
                   "u2 = alpha * sqrt(1 - beta2 ** (step + 1)) / (1 - beta1 ** (step + 1)) * "
                   "(m' / (sqrt(v') + epsilon * sqrt(1 - beta2 ** (step + 1))))",
                   "x' = x - u2"}));
}

TEST(UpdateFormula, NamesThePointOfAnotherGradient) {
  EXPECT_EQ(formulas_of("sam")[0].lines,
            (Lines{"point1 = x + rho * g / (sqrt(sum(square(g), axes=[0, 1], keepdims=false)) + 1e-12)",
                   "velocity' = mu * velocity + gradient(point1)", "x' = x - alpha * velocity'"}));
}

TEST(UpdateFormula, OfARuleThatAsksForTheShapeSaysForWhich) {
  const std::vector<UpdateFormula> formulas = formulas_of("muon");
  ASSERT_EQ(formulas.size(), 2U);
  EXPECT_EQ(formulas[0].of, "a matrix of 5 rows and 3 columns");
  EXPECT_EQ(formulas[1].of, "any other parameter");
  EXPECT_EQ(formulas[1].lines.size(), 3U);
}

TEST(UpdateFormula, IsThereForEveryShippedRule) {
  std::size_t rules = 0;
  for (const ListedPlugin& plugin : list_plugins(PluginPath({installed_plugin_directory()}))) {
    if (plugin.description->kind != "update rule") continue;
    ++rules;
    for (const UpdateFormula& formula : formulas_of(plugin.description->name))
      EXPECT_EQ(std::ranges::count_if(formula.lines,
                                      [](const std::string& line) { return line.starts_with("x' = "); }),
                1)
          << plugin.path;
  }
  EXPECT_GE(rules, 20U);
}

}  // namespace
}  // namespace talweg
