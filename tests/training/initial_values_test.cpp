#include "training/initial_values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "training/following.hpp"

namespace talweg {
namespace {

struct FanCase {
  Shape shape;
  double in, out;
};

TEST(Fans, AreThoseOfKerasForMatricesAndOfPyTorchForKernels) {
  const FanCase cases[] = {{{}, 1, 1},
                           {{7}, 7, 7},
                           {{3, 4}, 3, 4},
                           {{8, 2, 5}, 10, 40},
                           {{6, 3, 5, 5}, 75, 150},
                           {{4, 2, 3, 3, 3}, 54, 108}};
  for (const FanCase& expected : cases) {
    SCOPED_TRACE(to_string(expected.shape));
    const Fans fans = fans_of(expected.shape);
    EXPECT_EQ(fans.in, expected.in);
    EXPECT_EQ(fans.out, expected.out);
  }
}

/// Parameters one after the other, then states, from one generator. The numbers are those of NumPy 1.24.
std::string model_text(const std::string& dtype) {
  return "talweg: 1\nseed: 3\ndtype: " + dtype + R"(
state:
  f: {shape: [], init: 'uniform(-1, 1)'}
parameters:
  a: {shape: [2, 2], init: 'uniform(-1, 1)'}
  unmoved: {shape: [2], init: 'constant(3)'}
  b: {shape: [3], init: 'normal(1, 0.5)'}
  c: {shape: [3, 4], init: glorot_uniform}
  written: [[1.5, 2.5]]
  d: {shape: [5, 2, 3, 3], init: 'he_normal(gain=2)'}
)";
}

struct Drawn {
  std::string name;
  std::size_t index;
  double value;
};

const Drawn kDrawn[] = {
    {"a", 0, 0x1.a022ec486c1a0p-4},  {"a", 3, 0x1.62cc891be6300p-6},  {"b", 0, 0x1.b8fd1635e788dp-1},
    {"b", 2, 0x1.ead1744b029f7p-1},  {"c", 0, -0x1.bdb230a2e128fp-1}, {"c", 11, 0x1.6e3471b4a8de0p-2},
    {"d", 0, -0x1.ac084f6ebdfa9p-2}, {"d", 89, 0x1.b85cc0ae6588ep-2}, {"f", 0, -0x1.46451da8f55f4p-2},
};

TEST(InitialValues, AreThoseOfNumPyInTheOrderOfTheFile) {
  const auto trainer = make_trainer(model_text("float64"));
  for (const Drawn& drawn : kDrawn)
    EXPECT_EQ(trainer->value(drawn.name).values.at(drawn.index), drawn.value) << drawn.name << drawn.index;
  EXPECT_EQ(trainer->value("unmoved").values, (std::vector<double>{3, 3}));
  EXPECT_EQ(trainer->value("written").values, (std::vector<double>{1.5, 2.5}));
}

TEST(InitialValues, OfAFloat32ModelAreTheSameDrawsRounded) {
  const auto trainer = make_trainer(model_text("float32"));
  for (const Drawn& drawn : kDrawn)
    EXPECT_EQ(trainer->value(drawn.name).values.at(drawn.index), static_cast<float>(drawn.value))
        << drawn.name << drawn.index;
}

TEST(InitialValues, OfALargeTensorAreOneRowOfDraws) {
  constexpr std::size_t kLarge = 70'001;  // more than one piece, and an odd number of normal draws
  const auto trainer =
      make_trainer("talweg: 1\nseed: 3\nparameters:\n  a: {shape: [" + std::to_string(kLarge) +
                   "], init: 'normal(1, 2)'}\n"
                   "  b: {shape: [2], init: 'uniform(0, 1)'}\n");
  LegacyGenerator generator(3);
  std::vector<double> a(kLarge), b(2);
  for (double& value : a) value = 1 + 2 * generator.normal();
  for (double& value : b) value = generator.uniform(0, 1);
  EXPECT_EQ(trainer->value("a").values, a);
  EXPECT_EQ(trainer->value("b").values, b);
}

TEST(InitialValues, OfAnArrayAreDrawnFromAnyElementOn) {
  LegacyGenerator generator(1);
  std::vector<double> piece(2);
  draw_initial_values({Initializer::Kind::array, 0, 0, {1, 2, 3, 4, 5}}, {5}, generator, 2, piece);
  EXPECT_EQ(piece, (std::vector<double>{3, 4}));
}

struct Spread {
  Initializer::Kind kind;
  double gain, low, high, variance;  ///< of a matrix with 60 inputs and 40 outputs; infinite ends of normals
};

TEST(InitialValues, HaveTheSpreadOfTheirPapers) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kTolerance = 0.05;  // relative, of the variance of 2400 draws
  const double glorot = std::sqrt(6.0 / 100), he = std::sqrt(6.0 / 60);
  const Spread cases[] = {{Initializer::Kind::glorot_uniform, 1, -glorot, glorot, 2.0 / 100},
                          {Initializer::Kind::glorot_normal, 1, -kInfinity, kInfinity, 2.0 / 100},
                          {Initializer::Kind::glorot_uniform, 3, -3 * glorot, 3 * glorot, 9 * 2.0 / 100},
                          {Initializer::Kind::he_uniform, 1, -he, he, 2.0 / 60},
                          {Initializer::Kind::he_normal, 1, -kInfinity, kInfinity, 2.0 / 60}};
  for (const Spread& expected : cases) {
    LegacyGenerator generator(1);
    std::vector<double> values(2400);
    draw_initial_values({expected.kind, expected.gain, 0, {}}, {60, 40}, generator, 0, values);
    double variance = 0;
    for (double value : values) {
      EXPECT_GE(value, expected.low);
      EXPECT_LE(value, expected.high);
      variance += value * value / static_cast<double>(values.size());
    }
    EXPECT_NEAR(variance, expected.variance, kTolerance * expected.variance);
  }
}

}  // namespace
}  // namespace talweg
