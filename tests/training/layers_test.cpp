// The shipped layers give what PyTorch's give: values and gradients frozen in golden/layers.json.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "training/following.hpp"

namespace talweg {
namespace {

using Json = nlohmann::json;

/// Of a value, or of its size where that is above 1.
constexpr double kTolerance = 1e-10;

Json cases() { return Json::parse(std::ifstream(std::string(TALWEG_TESTS_DIR) + "/golden/layers.json")); }

void expect_close(const std::vector<double>& values, const Json& expected, const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double due = expected[i];
    EXPECT_NEAR(values[i], due, kTolerance * std::max(1.0, std::abs(due))) << what << " at " << i;
  }
}

class Layers : public testing::TestWithParam<bool> {};

TEST_P(Layers, GiveTheValuesAndGradientsOfPyTorch) {
  const Json all = cases();
  ASSERT_GE(all.size(), 9U);
  for (const Json& one : all) {
    const std::string name = one["name"];
    SCOPED_TRACE(name);
    ModelOptions options;
    if (name.ends_with("evaluation")) options.mode = Mode::evaluation;
    const auto trainer = make_trainer(one["model"], options, {.reference_executor = GetParam()});
    EXPECT_EQ(trainer->model().parameters.size(), one["gradients"].size());
    for (const auto& [path, values] : one["set"].items())
      trainer->set_value(path, values.get<std::vector<double>>());
    expect_close(trainer->value("y").values, one["y"], "y");
    for (const auto& [path, gradient] : one["gradients"].items())
      expect_close(trainer->gradient(path).values, gradient, path);
    static_cast<void>(train(*trainer));
    for (const auto& [path, values] : one["after"].items())
      expect_close(trainer->value(path).values, values, path + " after a step");
  }
}

INSTANTIATE_TEST_SUITE_P(Executors, Layers, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "reference" : "program"; });

}  // namespace
}  // namespace talweg
