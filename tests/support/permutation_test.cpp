#include "support/permutation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace talweg {
namespace {

std::vector<std::int64_t> order(std::int64_t size, std::uint32_t seed, std::uint64_t epoch) {
  const Permutation permutation(size, seed, 7, epoch);
  std::vector<std::int64_t> places(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) places[static_cast<std::size_t>(i)] = permutation(i);
  return places;
}

TEST(Permutation, TakesEveryPlaceOnce) {
  for (std::int64_t size : {1, 2, 3, 4, 5, 16, 17, 255, 256, 257, 8000}) {
    std::vector<std::int64_t> places = order(size, 1, 0);
    std::ranges::sort(places);
    std::vector<std::int64_t> expected(static_cast<std::size_t>(size));
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(places, expected) << size;
  }
}

TEST(Permutation, DependsOnSeedAndEpoch) {
  EXPECT_EQ(order(100, 1, 0), order(100, 1, 0));
  EXPECT_NE(order(100, 1, 0), order(100, 2, 0));
  EXPECT_NE(order(100, 1, 0), order(100, 1, 1));
}

TEST(Permutation, ServesAHugeRange) {
  const std::int64_t size = std::int64_t{1} << 40;
  const Permutation permutation(size - 3, 1, 7, 0);
  for (std::int64_t i = 0; i < 1000; ++i) {
    EXPECT_GE(permutation(i), 0);
    EXPECT_LT(permutation(i), size - 3);
  }
}

/// A value lands on each place about equally often, and neighbours part: chi-squared over 4000 epochs, and
/// the mean distance of neighbours against that of two random places, (n + 1) / 3.
TEST(Permutation, IsUniform) {
  constexpr std::int64_t kSize = 20;
  constexpr int kEpochs = 4000;
  std::vector<double> counts(kSize * kSize, 0);
  double distance = 0;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const std::vector<std::int64_t> places = order(kSize, 3, static_cast<std::uint64_t>(epoch));
    for (std::int64_t i = 0; i < kSize; ++i)
      counts[static_cast<std::size_t>(i * kSize + places[static_cast<std::size_t>(i)])] += 1;
    for (std::size_t i = 1; i < places.size(); ++i)
      distance += std::abs(static_cast<double>(places[i] - places[i - 1])) / (kSize - 1);
  }
  const double expected = static_cast<double>(kEpochs) / kSize;
  double chi_squared = 0;
  for (double count : counts) chi_squared += (count - expected) * (count - expected) / expected;
  constexpr double kFreedom = (kSize - 1) * (kSize - 1);
  EXPECT_NEAR(chi_squared, kFreedom, 5 * std::sqrt(2 * kFreedom));
  EXPECT_NEAR(distance / kEpochs, (kSize + 1) / 3.0, 0.1);
}

}  // namespace
}  // namespace talweg
