#include "model/data/generated.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "support/random.hpp"

namespace talweg {
namespace {

using std::numbers::pi;

/// Draws for one set, one after the other.
class Draws {
 public:
  Draws(std::uint32_t seed, std::uint32_t key) : seed_(seed), key_(key) {}

  /// In [0, 1).
  double uniform() {
    const std::array<std::uint32_t, 4> words = draw(seed_, key_, 0, block_++);
    return (static_cast<double>(words[0] >> 5U) * 0x1p26 + static_cast<double>(words[1] >> 6U)) * 0x1p-53;
  }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Of mean 0 and variance 1 (Box and Muller 1958).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * pi * uniform());
  }

 private:
  std::uint32_t seed_, key_;
  std::uint64_t block_ = 0;
};

GeneratedSet empty_set(double examples, double features) {
  GeneratedSet set;
  set.examples = static_cast<std::int64_t>(examples);
  set.features = static_cast<std::int64_t>(features);
  set.points.reserve(static_cast<std::size_t>(set.examples * set.features));
  set.targets.reserve(static_cast<std::size_t>(set.examples));
  return set;
}

/// A set in the plane whose classes take turns: `point` places an example of a class.
template <class Point>
GeneratedSet plane_set(double examples, std::int64_t classes, Point point) {
  GeneratedSet set = empty_set(examples, 2);
  for (std::int64_t i = 0; i < set.examples; ++i) {
    const std::array<double, 2> placed = point(i % classes);
    set.points.insert(set.points.end(), placed.begin(), placed.end());
    set.targets.push_back(static_cast<double>(i % classes));
  }
  return set;
}

/// Arms that wind about the origin: radius r in [0, 1), angle 2 pi (turns r + class / classes) + noise.
GeneratedSet spirals(std::span<const double> values, std::uint32_t seed, std::uint32_t key) {
  const double examples = values[0], classes = values[1], noise = values[2], turns = values[3];
  Draws draws(seed, key);
  return plane_set(examples, static_cast<std::int64_t>(classes), [&](std::int64_t arm) {
    const double radius = draws.uniform();
    const double angle =
        2 * pi * (turns * radius + static_cast<double>(arm) / classes) + noise * draws.normal();
    return std::array{radius * std::sin(angle), radius * std::cos(angle)};
  });
}

/// Two half circles, one within the other's reach: (cos t, sin t) and (1 - cos t, 1/2 - sin t).
GeneratedSet moons(std::span<const double> values, std::uint32_t seed, std::uint32_t key) {
  const double examples = values[0], noise = values[1];
  Draws draws(seed, key);
  return plane_set(examples, 2, [&](std::int64_t moon) {
    const double t = draws.uniform(0, pi);
    const double x = moon == 0 ? std::cos(t) : 1 - std::cos(t),
                 y = moon == 0 ? std::sin(t) : 0.5 - std::sin(t);
    const double dx = noise * draws.normal(), dy = noise * draws.normal();
    return std::array{x + dx, y + dy};
  });
}

/// The corners of the unit square; a corner's class is whether its coordinates differ.
GeneratedSet exclusive_or(std::span<const double> values, std::uint32_t seed, std::uint32_t key) {
  constexpr std::int64_t kCorners = 4;
  const double examples = values[0], noise = values[1];
  Draws draws(seed, key);
  GeneratedSet set = plane_set(examples, kCorners, [&](std::int64_t corner) {
    const std::int64_t x = corner / 2, y = corner % 2;
    const double dx = noise * draws.normal(), dy = noise * draws.normal();
    return std::array{static_cast<double>(x) + dx, static_cast<double>(y) + dy};
  });
  for (double& target : set.targets) target = target == 1 || target == 2 ? 1 : 0;
  return set;
}

/// Normal clouds about centers that are drawn from [-10, 10).
GeneratedSet blobs(std::span<const double> values, std::uint32_t seed, std::uint32_t key) {
  constexpr double kFarthest = 10;
  const double examples = values[0], classes = values[1], features = values[2], spread = values[3];
  Draws draws(seed, key);
  std::vector<double> centers(static_cast<std::size_t>(classes * features));
  for (double& center : centers) center = draws.uniform(-kFarthest, kFarthest);
  GeneratedSet set = empty_set(examples, features);
  for (std::int64_t i = 0; i < set.examples; ++i) {
    const std::int64_t blob = i % static_cast<std::int64_t>(classes);
    for (std::int64_t j = 0; j < set.features; ++j)
      set.points.push_back(centers[static_cast<std::size_t>(blob * set.features + j)] +
                           spread * draws.normal());
    set.targets.push_back(static_cast<double>(blob));
  }
  return set;
}

/// x in [-pi, pi), y = sin x + noise.
GeneratedSet sine(std::span<const double> values, std::uint32_t seed, std::uint32_t key) {
  const double examples = values[0], noise = values[1];
  Draws draws(seed, key);
  GeneratedSet set = empty_set(examples, 1);
  for (std::int64_t i = 0; i < set.examples; ++i) {
    set.points.push_back(draws.uniform(-pi, pi));
    set.targets.push_back(std::sin(set.points.back()) + noise * draws.normal());
  }
  return set;
}

constexpr GeneratorParameter count_of(std::string_view name, double otherwise, std::int64_t least) {
  return {name, otherwise, least, true};
}
constexpr GeneratorParameter number(std::string_view name, double otherwise) {
  return {name, otherwise, 0, false};
}

}  // namespace

const std::vector<Generator>& generators() {
  static const std::vector<Generator> all = {
      {"spirals",
       {count_of("examples", 300, 1), count_of("classes", 3, 1), number("noise", 0.2), number("turns", 0.6)},
       true,
       spirals},
      {"moons", {count_of("examples", 200, 1), number("noise", 0.1)}, true, moons},
      {"blobs",
       {count_of("examples", 300, 1), count_of("classes", 3, 1), count_of("features", 2, 1),
        number("spread", 1)},
       true,
       blobs},
      {"xor", {count_of("examples", 200, 1), number("noise", 0.1)}, true, exclusive_or},
      {"sine", {count_of("examples", 200, 1), number("noise", 0.1)}, false, sine},
  };
  return all;
}

}  // namespace talweg
