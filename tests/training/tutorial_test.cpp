// The gradient-descent tutorial: its models give its numbers. tests/golden/tutorial.json has them, each with
// the tolerance that it can be held to.

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support/file.hpp"
#include "training/following.hpp"

namespace talweg {
namespace {

using Json = nlohmann::json;

const Json& golden() {
  static const Json json = Json::parse(read_whole_file(TALWEG_TESTS_DIR "/golden/tutorial.json"));
  return json;
}

/// What the table prints is rounded to so many significant digits.
constexpr int kErrorDigits = 12, kWeightDigits = 8;

/// Half a unit of the last of `digits` significant digits of `value`.
double rounding(double value, int digits) {
  return value == 0 ? 0 : 0.5 * std::pow(10.0, std::floor(std::log10(std::abs(value))) + 1 - digits);
}

void expect_printed(double value, double printed, int digits, double relative, const std::string& what) {
  EXPECT_NEAR(value, printed, relative * std::abs(printed) + rounding(printed, digits)) << what;
}

std::vector<double> flat(const Json& rows) {
  std::vector<double> values;
  for (const Json& row : rows)
    for (const Json& value : row) values.push_back(value.get<double>());
  return values;
}

std::unique_ptr<Trainer> load(const std::string& name, const ModelOptions& options = {}) {
  CheckedModel model = load_model(TALWEG_TESTS_DIR "/../graphs/tutorial/" + name + ".yaml", options);
  auto optimizer = find_optimizer(model, PluginPath::standard());
  return std::make_unique<Trainer>(std::move(model), std::move(optimizer), TrainerOptions{});
}

ModelOptions setting(double alpha, int hidden) {
  ModelOptions options;
  options.set = {{"alpha", Json(alpha).dump()}, {"hidden", std::to_string(hidden)}};
  return options;
}

double error_tolerance(double alpha, int hidden, std::size_t line) {
  const Json& tolerance = golden()["_tolerance"];
  if (hidden == 4 && alpha == 100) return tolerance["hidden4 alpha 100 errors"];
  if (hidden == 32 && alpha == 10 && line > 0) return tolerance["hidden32 alpha 10 errors after iteration 0"];
  return tolerance["default_relative"];
}

class TutorialErrors : public testing::TestWithParam<std::tuple<int, std::size_t>> {};

TEST_P(TutorialErrors, AreThoseOfThreeLayers) {
  const auto [hidden, row] = GetParam();
  const double alpha = golden()["alphas"][row];
  const auto trainer = load("three_layer", setting(alpha, hidden));
  const Following following = train(*trainer);
  const Json& errors = golden()["hidden" + std::to_string(hidden)]["errors"][row];
  ASSERT_EQ(following.lines.size(), errors.size());
  for (std::size_t line = 0; line < errors.size(); ++line) {
    EXPECT_EQ(following.lines[line].step, golden()["report_iterations"][line].get<std::int64_t>());
    expect_printed(scalar(following.lines[line].values, "Error"), errors[line], kErrorDigits,
                   error_tolerance(alpha, hidden, line), "line " + std::to_string(line));
  }
}

INSTANTIATE_TEST_SUITE_P(Training, TutorialErrors,
                         testing::Combine(testing::Values(4, 32), testing::Range<std::size_t>(0, 7)),
                         [](const auto& test) {
                           return "Hidden" + std::to_string(std::get<0>(test.param)) + "Alpha" +
                                  std::to_string(std::get<1>(test.param));
                         });

TEST(TutorialWeights, BeginAsItsGeneratorDrawsThem) {
  const auto trainer = load("three_layer");
  const Json& initial = golden()["initial_weights_seed1"];
  EXPECT_EQ(trainer->value("synapse_0").values, flat(initial["synapse_0"]));
  EXPECT_EQ(trainer->value("synapse_1").values, flat(initial["synapse_1"]));
}

TEST(TutorialWeights, AndTheirChangesOfDirectionAreItsForEveryAlpha) {
  const Json& tolerance = golden()["_tolerance"];
  for (const Json& final : golden()["hidden4"]["final"]) {
    const double alpha = final["alpha"];
    SCOPED_TRACE("alpha " + final["alpha"].dump());
    const auto trainer = load("direction_changes", setting(alpha, 4));
    const EndRecord end = train(*trainer).end;
    for (const std::string layer : {"0", "1"}) {
      EXPECT_EQ(named(end.report, "direction_changes_" + layer).values,
                flat(final["direction_changes_" + layer]));
      if (alpha > 100) continue;  // saturated: the weights are noise
      const std::vector<double> weights = named(end.report, "synapse_" + layer).values;
      const std::vector<double> printed = flat(final["synapse_" + layer]);
      for (std::size_t i = 0; i < printed.size(); ++i)
        expect_printed(weights[i], printed[i], kWeightDigits,
                       tolerance[alpha > 10 ? "weights alpha 100" : "weights alpha<=10"],
                       "synapse_" + layer + "[" + std::to_string(i) + "]");
    }
  }
}

// NumPy's own values, to all digits; what remains are the last bits of exp over thousands of steps.
constexpr double kNumPyTolerance = 1e-11;

void expect_numpy(const std::vector<double>& values, const Json& expected, const std::string& what) {
  const std::vector<double> numbers = flat(expected);
  ASSERT_EQ(values.size(), numbers.size()) << what;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_NEAR(values[i], numbers[i], kNumPyTolerance * std::abs(numbers[i])) << what;
}

TEST(TutorialNetworks, OfTwoLayersHaveTheirWeightsAndOutput) {
  const auto trainer = load("two_layer");
  EXPECT_EQ(trainer->value("synapse_0").values, flat(golden()["two_layer"]["initial_synapse_0"]));
  train(*trainer);
  for (const char* name : {"synapse_0", "layer_1"})
    expect_numpy(trainer->value(name).values, golden()["two_layer"][name], name);
}

TEST(TutorialNetworks, OfTwoLayersHaveTheErrorOfEveryPlaceOfThePlane) {
  const auto trainer = load("two_layer");
  for (const Json& probe : golden()["two_layer"]["error_plane_probe"]) {
    trainer->set_value("synapse_0", probe["w"].get<std::vector<double>>());
    expect_numpy(trainer->value("loss").values, Json{{probe["half_sum_squares"]}}, probe["w"].dump());
  }
}

TEST(TutorialNetworks, OfThirteenLinesHaveTheirWeightsAndOutput) {
  const auto trainer = load("thirteen_lines");
  const EndRecord end = train(*trainer).end;
  for (const char* name : {"synapse_0", "synapse_1", "layer_2"})
    expect_numpy(trainer->value(name).values, golden()["thirteen_lines"][name], name);
  EXPECT_NEAR(scalar(end.values, "Error"), golden()["thirteen_lines"]["mean_abs_error"], kNumPyTolerance);
}

}  // namespace
}  // namespace talweg
