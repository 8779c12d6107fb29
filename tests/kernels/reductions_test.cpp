// Reductions: small terms of long sums count, NaN wins, and every shape is covered.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/kernels.hpp"

namespace talweg {
namespace {

template <class T>
class ReductionKernels : public testing::Test {
 protected:
  static std::vector<T> reduce(kernels::Reduction reduction, const std::vector<T>& x, std::size_t outer,
                               std::size_t reduced, std::size_t inner) {
    std::vector<T> out(outer * inner);
    kernels::table<T>().reduction[static_cast<std::size_t>(reduction)](out.data(), x.data(), outer, reduced,
                                                                       inner);
    return out;
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ReductionKernels, Types);

TYPED_TEST(ReductionKernels, FoldTheMiddleAxis) {
  using T = TypeParam;
  for (std::size_t outer : {1, 3})
    for (std::size_t reduced : {1, 2, 7, 8, 33, 100})
      for (std::size_t inner : {1, 2, 5, 64, 70}) {
        std::vector<T> x(outer * reduced * inner);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(static_cast<int>(i * 31 % 17) - 8);
        const std::vector<T> sums = this->reduce(kernels::Reduction::sum, x, outer, reduced, inner),
                             largest = this->reduce(kernels::Reduction::max, x, outer, reduced, inner),
                             smallest = this->reduce(kernels::Reduction::min, x, outer, reduced, inner);
        for (std::size_t o = 0; o < outer; ++o)
          for (std::size_t i = 0; i < inner; ++i) {
            T sum = 0, high = -100, low = 100;
            for (std::size_t r = 0; r < reduced; ++r) {
              const T value = x[(o * reduced + r) * inner + i];
              sum += value;
              high = std::max(high, value);
              low = std::min(low, value);
            }
            ASSERT_EQ(sums[o * inner + i], sum);
            ASSERT_EQ(largest[o * inner + i], high);
            ASSERT_EQ(smallest[o * inner + i], low);
          }
      }
}

TYPED_TEST(ReductionKernels, OfNothingAreZeroAndOne) {
  using T = TypeParam;
  EXPECT_EQ(this->reduce(kernels::Reduction::sum, {}, 2, 0, 1), (std::vector<T>{0, 0}));
  EXPECT_EQ(this->reduce(kernels::Reduction::prod, {}, 1, 0, 2), (std::vector<T>{1, 1}));
}

TYPED_TEST(ReductionKernels, ALongSumKeepsItsSmallTerms) {
  using T = TypeParam;
  // 2^25 and more ones: in float32 the sum 2^24 + 1 is 2^24.
  const std::vector<T> ones((1U << 25U) + 3, T(1));
  EXPECT_EQ(this->reduce(kernels::Reduction::sum, ones, 1, ones.size(), 1)[0],
            static_cast<T>((1U << 25U) + 3));
}

TYPED_TEST(ReductionKernels, MaxAndMinOfNaNAreNaN) {
  using T = TypeParam;
  for (std::size_t n : {1, 5, 40})
    for (std::size_t at = 0; at < n; ++at)
      for (std::size_t inner : {1, 3}) {
        std::vector<T> x(n * inner, T(1));
        x[at * inner] = std::numeric_limits<T>::quiet_NaN();
        EXPECT_TRUE(std::isnan(this->reduce(kernels::Reduction::max, x, 1, n, inner)[0]));
        EXPECT_TRUE(std::isnan(this->reduce(kernels::Reduction::min, x, 1, n, inner)[0]));
      }
}

}  // namespace
}  // namespace talweg
