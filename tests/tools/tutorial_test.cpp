// The tutorial's printed results, from golden/tutorial.json, through the program.

#include <algorithm>
#include <chrono>
#include <cmath>

#include "tools/json.hpp"

namespace talweg {
namespace {

const Json& tutorial() {
  static const Json golden = Json::parse(read_text(repository() / "tests/golden/tutorial.json"));
  return golden;
}

/// Of the weights after training; the tolerances below are besides that rounding.
constexpr int kPrintedDigits = 8;

/// Half a unit of the last of so many significant digits.
double rounding_error(double value, int digits) {
  return std::pow(10, std::floor(std::log10(std::abs(value))) + 1 - digits) / 2;
}

/// `digits`: those to which the expected values were rounded when they were printed.
void expect_close(const std::vector<double>& values, const std::vector<double>& expected, double relative,
                  const std::string& what, int digits = 17) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_LE(std::abs(values[i] - expected[i]),
              relative * std::abs(expected[i]) + rounding_error(expected[i], digits))
        << what << "[" << i << "]: " << values[i] << " and not " << expected[i];
}

/// As the reference file's _tolerance says.
double error_tolerance(int hidden, double alpha, std::size_t line) {
  if (hidden == 4 && alpha == 100) return 1e-9;
  if (hidden == 32 && alpha == 10 && line > 0) return 0.01;
  return 5e-11;
}

/// 0 where the weights saturate and only the counts can be compared.
double weight_tolerance(double alpha) {
  if (alpha <= 10) return 2e-8;
  return alpha == 100 ? 1e-6 : 0;
}

std::string text_of(double alpha) { return Json(alpha).dump(); }

class TutorialAlpha : public testing::TestWithParam<std::size_t> {
 protected:
  [[nodiscard]] static double alpha() { return tutorial()["alphas"][GetParam()]; }
};

TEST_P(TutorialAlpha, GivesThePrintedErrorsForBothHiddenSizes) {
  for (int hidden : {4, 32}) {
    const Finished finished =
        run_line("train graphs/tutorial/three_layer.yaml --json --set hidden=" + std::to_string(hidden) +
                 " --set alpha=" + text_of(alpha()));
    ASSERT_EQ(finished.status, 0) << finished.errors;
    const std::vector<Json> logs = events(json_lines(finished.out), "log");
    const Json& expected = tutorial()["hidden" + std::to_string(hidden)]["errors"][GetParam()];
    ASSERT_EQ(logs.size(), expected.size());
    for (std::size_t line = 0; line < logs.size(); ++line) {
      EXPECT_EQ(logs[line]["step"], tutorial()["report_iterations"][line]);
      expect_close({logs[line]["Error"]}, {expected[line]}, error_tolerance(hidden, alpha(), line),
                   "hidden " + std::to_string(hidden) + ", line " + std::to_string(line));
    }
  }
}

TEST_P(TutorialAlpha, GivesThePrintedWeightsAndExactlyTheirDirectionChanges) {
  const Finished finished =
      run_line("train graphs/tutorial/direction_changes.yaml --json --set alpha=" + text_of(alpha()));
  ASSERT_EQ(finished.status, 0) << finished.errors;
  const std::vector<Json> ends = events(json_lines(finished.out), "end");
  ASSERT_EQ(ends.size(), 1U);
  const Json& expected = tutorial()["hidden4"]["final"][GetParam()];
  for (const char* layer : {"0", "1"}) {
    const std::string changes = "direction_changes_" + std::string(layer),
                      weights = "synapse_" + std::string(layer);
    EXPECT_EQ(elements_of(ends[0][changes]), elements_of(expected[changes]));
    if (weight_tolerance(alpha()) > 0)
      expect_close(elements_of(ends[0][weights]), elements_of(expected[weights]), weight_tolerance(alpha()),
                   weights, kPrintedDigits);
  }
}

INSTANTIATE_TEST_SUITE_P(Tutorial, TutorialAlpha, testing::Range<std::size_t>(0, 7),
                         [](const auto& tested) { return "alpha_number_" + std::to_string(tested.param); });

TEST(Tutorial, BeginsWithNumPysWeightsToTheLastBit) {
  const Finished finished = run_line("train graphs/tutorial/direction_changes.yaml --json --steps 0");
  ASSERT_EQ(finished.status, 0) << finished.errors;
  const Json end = events(json_lines(finished.out), "end").at(0);
  for (const char* weights : {"synapse_0", "synapse_1"})
    EXPECT_EQ(end[weights], tutorial()["initial_weights_seed1"][weights]);
}

TEST(Tutorial, TenStepsFromStartToExitTakeLessThan30Milliseconds) {
#if TALWEG_SANITIZED
  GTEST_SKIP() << "the speed of a sanitized build says nothing";
#endif
  double best = 1;
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(run_line("train graphs/tutorial/three_layer.yaml --steps 10").status, 0);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  EXPECT_LT(best, 0.03) << "seconds, the best of twenty";
}

TEST(Tutorial, TwoLayersGiveNumPysWeights) {
  const Finished finished = run_line("train graphs/tutorial/two_layer.yaml --json");
  ASSERT_EQ(finished.status, 0) << finished.errors;
  const Json end = events(json_lines(finished.out), "end").at(0);
  for (const char* name : {"synapse_0", "layer_1"})
    expect_close(elements_of(end[name]), elements_of(tutorial()["two_layer"][name]), 5e-11, name);
}

TEST(Tutorial, ThirteenLinesGiveNumPysNetwork) {
  const Finished finished = run_line("train graphs/tutorial/thirteen_lines.yaml --json");
  ASSERT_EQ(finished.status, 0) << finished.errors;
  const Json end = events(json_lines(finished.out), "end").at(0);
  const Json& expected = tutorial()["thirteen_lines"];
  for (const char* name : {"synapse_0", "synapse_1", "layer_2"})
    expect_close(elements_of(end[name]), elements_of(expected[name]), 2e-8, name);
  expect_close({end["Error"]}, {expected["mean_abs_error"]}, 5e-11, "Error");
}

TEST(Tutorial, SweepShowsThePrintedTable) {
  const Finished finished = run_line("sweep graphs/tutorial/alpha_sweep.yaml --jobs 2");
  ASSERT_EQ(finished.status, 0) << finished.errors;
  // Digits that rounding errors reach are not compared: see _tolerance of the reference file.
  constexpr std::size_t kDigits = 11;
  std::size_t rows = 0;
  for (const std::string& line : lines_of(finished.out))
    if (line.starts_with("  4 ") && line.find("0.4964100319") != std::string::npos) ++rows;
  EXPECT_EQ(rows, tutorial()["alphas"].size()) << finished.out;
  for (const Json& error : tutorial()["hidden4"]["errors"][4])
    EXPECT_NE(finished.out.find(error.dump().substr(0, kDigits)), std::string::npos) << error;
}

}  // namespace
}  // namespace talweg
