// Sets that are drawn: their shapes, and that seed and name alone decide about them.

#include "model/data/generated.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <talweg/error.hpp>

#include "model/model.hpp"

namespace talweg {
namespace {

constexpr double kClose = 1e-12;

/// A set with its default values but for those given by place.
GeneratedSet drawn(std::string_view name, const std::vector<std::pair<std::size_t, double>>& given,
                   std::uint32_t seed = 1, std::uint32_t key = 2) {
  for (const Generator& generator : generators()) {
    if (generator.name != name) continue;
    std::vector<double> values;
    for (const GeneratorParameter& parameter : generator.parameters) values.push_back(parameter.otherwise);
    for (const auto& [place, value] : given) values[place] = value;
    return generator.draw(values, seed, key);
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(Generated, DependsOnSeedAndKeyAlone) {
  for (const Generator& generator : generators()) {
    const GeneratedSet set = drawn(generator.name, {});
    EXPECT_EQ(set.points.size(), static_cast<std::size_t>(set.examples * set.features));
    EXPECT_EQ(set.targets.size(), static_cast<std::size_t>(set.examples));
    EXPECT_EQ(drawn(generator.name, {}).points, set.points) << generator.name;
    EXPECT_NE(drawn(generator.name, {}, 2, 2).points, set.points) << generator.name;
    EXPECT_NE(drawn(generator.name, {}, 1, 3).points, set.points) << generator.name;
    const GeneratedSet smaller = drawn(generator.name, {{0, 20}});
    EXPECT_EQ(smaller.points, std::vector<double>(set.points.begin(), set.points.begin() + 20 * set.features))
        << generator.name;
  }
}

TEST(Generated, SpiralsWindAboutTheOrigin) {
  const double turns = 1.5, classes = 4;
  const GeneratedSet set = drawn("spirals", {{1, classes}, {2, 0}, {3, turns}});
  for (std::size_t i = 0; i < set.targets.size(); ++i) {
    const double x = set.points[2 * i], y = set.points[2 * i + 1], radius = std::hypot(x, y);
    EXPECT_EQ(set.targets[i], static_cast<double>(i % 4));
    EXPECT_LT(radius, 1);
    const double angle = 2 * std::numbers::pi * (turns * radius + set.targets[i] / classes);
    EXPECT_NEAR(x, radius * std::sin(angle), kClose);
    EXPECT_NEAR(y, radius * std::cos(angle), kClose);
  }
}

TEST(Generated, MoonsAreHalfCircles) {
  const GeneratedSet set = drawn("moons", {{1, 0}});
  for (std::size_t i = 0; i < set.targets.size(); ++i) {
    const double x = set.points[2 * i], y = set.points[2 * i + 1];
    const bool second = set.targets[i] == 1;
    EXPECT_NEAR(std::hypot(second ? 1 - x : x, second ? 0.5 - y : y), 1, kClose);
    EXPECT_TRUE(second ? y <= 0.5 : y >= 0);
  }
}

TEST(Generated, XorIsTheCornersOfASquare) {
  const GeneratedSet set = drawn("xor", {{0, 8}, {1, 0}});
  EXPECT_EQ(set.points, (std::vector<double>{0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1}));
  EXPECT_EQ(set.targets, (std::vector<double>{0, 1, 1, 0, 0, 1, 1, 0}));
}

TEST(Generated, BlobsAreNormalCloudsOfTheirSpread) {
  const double examples = 40'000, spread = 2;
  const GeneratedSet set = drawn("blobs", {{0, examples}, {1, 2}, {2, 3}, {3, spread}});
  for (std::size_t blob = 0; blob < 2; ++blob)
    for (std::size_t feature = 0; feature < 3; ++feature) {
      double sum = 0, squares = 0;
      for (std::size_t i = blob; i < set.targets.size(); i += 2) {
        sum += set.points[3 * i + feature];
        squares += set.points[3 * i + feature] * set.points[3 * i + feature];
      }
      const double count = examples / 2, mean = sum / count;
      EXPECT_LT(std::abs(mean), 10.1);
      // The deviation of a deviation from n values is about sigma / sqrt(2 n).
      EXPECT_NEAR(std::sqrt(squares / count - mean * mean), spread, 5 * spread / std::sqrt(2 * count));
    }
}

TEST(Generated, SineIsASine) {
  const GeneratedSet set = drawn("sine", {{1, 0}});
  for (std::size_t i = 0; i < set.targets.size(); ++i)
    EXPECT_NEAR(set.targets[i], std::sin(set.points[i]), kClose);
}

CheckedModel load(const std::string& data, const std::string& more = "") {
  return load_model_text("talweg: 1\n" + more + "data:\n  " + data + "\n", "model.yaml");
}

std::string refusal(const std::string& data) {
  try {
    static_cast<void>(load(data));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::model);
    return error.what();
  }
  return "accepted";
}

TEST(GeneratedEntries, GiveTwoTensors) {
  const CheckedModel model = load("X, y: {spirals: {examples: 2 * n, classes: n}}\n  u, v: {sine: {}}",
                                  "dtype: float32\nlet: {n: 5}\n");
  const auto is = [&](std::size_t i, const char* name, const Shape& shape, DType dtype) {
    EXPECT_EQ(model.data[i].name, name);
    EXPECT_EQ(model.data[i].column->shape(), shape);
    EXPECT_EQ((*model.graph)[model.data[i].node].shape, shape);
    EXPECT_EQ(model.data[i].column->dtype(), dtype);
  };
  is(0, "X", {10, 2}, DType::float32);
  is(1, "y", {10}, DType::int64);
  is(2, "u", {200, 1}, DType::float32);
  is(3, "v", {200, 1}, DType::float32);
}

TEST(GeneratedEntries, AreDrawnByTheModelsSeedAndTheirNames) {
  const auto points = [](const std::string& data, const std::string& more) {
    return load(data, more).data[0].column->values();
  };
  const std::string moons = "X, y: {moons: {examples: 10}}";
  EXPECT_EQ(points(moons, "seed: 3\n"), points(moons, "seed: 3\n"));
  EXPECT_NE(points(moons, "seed: 3\n"), points(moons, "seed: 4\n"));
  EXPECT_NE(points(moons, "seed: 3\n"), points("X, z: {moons: {examples: 10}}", "seed: 3\n"));
  EXPECT_EQ(points("X, y: {moons: {examples: 10, seed: 3}}", "seed: 4\n"), points(moons, "seed: 3\n"));
}

TEST(GeneratedEntries, ThatAreWrongAreRefused) {
  const struct {
    const char* data;
    const char* said;
  } cases[] = {
      {"X: {spirals: {}}", "model.yaml:3:3: error: 'spirals' of data 'X' is points and labels"},
      {"X, y, z: {sine: {}}", "'sine' of data 'X, y, z' is points and values"},
      {"X, y: [1, 2]", "model.yaml:3:3: error: 'X, y' are 2 names, and this is one tensor"},
      {"X, y: {npy: x.npy}", "model.yaml:3:3: error: 'X, y' are 2 names, and this is one tensor"},
      {"X, 2y: {moons: {}}", "model.yaml:3:6: error: '2y' is no name"},
      {"X, X: {moons: {}}", "model.yaml:3:6: error: the name 'X' is given twice"},
      {"X,: {moons: {}}", "'' is no name"},
      {"X, y: {moons: {}, scale: 2}", "unknown key 'scale' of data 'X, y'"},
      {"X, y: {moons: {classes: 2}}", "unknown key 'classes' of 'moons' of data 'X, y'"},
      {"X, y: {moons: {examples: 0}}", "'examples' of 'moons' of data 'X, y' is at least 1, and this is 0"},
      {"X, y: {moons: {noise: -1}}", "'noise' of 'moons' of data 'X, y' is at least 0"},
      {"X, y: {moons: 5}", "is a mapping, and this is a text"},
      {"X, y: {blobs: {examples: 100000, features: 100000}}", "is too large to be drawn"},
      {"X, y: {moon: {}}", "did you mean 'moons'?"},
  };
  for (const auto& wrong : cases)
    EXPECT_NE(refusal(wrong.data).find(wrong.said), std::string::npos) << wrong.data << "\n"
                                                                       << refusal(wrong.data);
}

}  // namespace
}  // namespace talweg
