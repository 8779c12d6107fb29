// talweg show --schedule

#include <gtest/gtest.h>

#include "plugin/test_plugins.hpp"
#include "tools/program.hpp"

namespace talweg {
namespace {

std::string shown(const std::string& alpha, int steps) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml",
             "talweg: 1\nparameters: {x: 1}\ntrain: {minimize: x * x, steps: " + std::to_string(steps) +
                 ", optimizer: {momentum: {mu: 0.5, alpha: '" + alpha + "'}}}\n");
  const Finished finished = run_line("show --schedule model.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  return finished.out;
}

TEST(ShowSchedule, PlotsAndTabulatesWhatChanges) {
  EXPECT_EQ(shown("linear(1)", 10),
            "alpha\n"
            "  1 |*\n"
            "    | *\n"
            "    |  *\n"
            "    |   *\n"
            "    |    *\n"
            "    |     *\n"
            "    |      *\n"
            "    |       *\n"
            "    |        *\n"
            "0.1 |         *\n"
            "    +----------\n"
            "     0        9 step\n"
            "\n"
            "step  alpha\n"
            "   0  1\n"
            "   1  0.9\n"
            "   2  0.8\n"
            "   3  0.7\n"
            "   4  0.6\n"
            "   5  0.5\n"
            "   6  0.4\n"
            "   7  0.3\n"
            "   8  0.2\n"
            "   9  0.1\n");
}

TEST(ShowSchedule, ShowsTheFirstAndTheLastOfManySteps) {
  const std::string text = shown("step / steps", 100000);
  EXPECT_NE(text.find("\n    0  0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n99999  0.99999\n"), std::string::npos) << text;
}

TEST(ShowSchedule, SaysSoWhereNothingChanges) {
  EXPECT_EQ(shown("0.1 * 2", 10), "every hyperparameter is the same in all steps\n");
}

TEST(ShowSchedule, SaysWhatOnlyTrainingTells) {
  const TemporaryDirectory directory;
  write_text(directory.path() / "model.yaml",
             "talweg: 1\ndata: {x: [1, 2, 3, 4]}\nsplit: {train: 3, validation: 1}\nparameters: {w: 1}\n"
             "train: {minimize: w * mean(x), steps: 2, optimizer: {momentum: {mu: 0.5 / (step + 1), alpha: "
             "'plateau(0.1, loss)'}}}\n");
  const Finished finished = run_line("show --schedule model.yaml", {.directory = directory.path()});
  EXPECT_EQ(finished.status, 0) << finished.errors;
  EXPECT_TRUE(
      finished.out.starts_with("alpha depends on what validations find, which only training tells\nmu\n"))
      << finished.out;
}

}  // namespace
}  // namespace talweg
