// The products of small matrices against plain sums, for every way in which operands may lie in memory.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/kernels.hpp"

namespace talweg {
namespace {

template <class T>
class ProductKernels : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ProductKernels, Types);

/// Rows or columns contiguous, with gaps between the lines.
template <class T>
kernels::Matrix<T> lay_out(const std::vector<T>& memory, std::size_t rows, std::size_t columns,
                           bool transposed) {
  constexpr std::ptrdiff_t kGap = 3;
  if (transposed) return {memory.data(), 1, static_cast<std::ptrdiff_t>(rows) + kGap};
  return {memory.data(), static_cast<std::ptrdiff_t>(columns) + kGap, 1};
}

template <class T>
T at(const kernels::Matrix<T>& matrix, std::size_t row, std::size_t column) {
  return matrix.data[static_cast<std::ptrdiff_t>(row) * matrix.row_stride +
                     static_cast<std::ptrdiff_t>(column) * matrix.column_stride];
}

constexpr auto kAssign = static_cast<std::size_t>(kernels::ProductEnd::assign);
constexpr auto kSubtract = static_cast<std::size_t>(kernels::ProductEnd::subtract);

TYPED_TEST(ProductKernels, AreSumsOfProductsWhateverTheLayout) {
  using T = TypeParam;
  std::vector<T> left(4000), right(4000);
  for (std::size_t i = 0; i < left.size(); ++i) {
    left[i] = static_cast<T>(static_cast<int>(i * 37 % 19) - 9);
    right[i] = static_cast<T>(static_cast<int>(i * 53 % 23) - 11);
  }
  for (std::size_t m : {1, 2, 3, 4, 5, 7, 9, 10})
    for (std::size_t n : {1, 2, 3, 7, 8, 9, 16, 17, 40})
      for (std::size_t k : {0, 1, 2, 3, 8, 17})
        for (bool left_transposed : {false, true})
          for (bool right_transposed : {false, true}) {
            if (right_transposed && n > 1) continue;  // lowered as a copy
            const kernels::Matrix<T> a = lay_out(left, m, k, left_transposed),
                                     b = lay_out(right, k, n, right_transposed);
            constexpr T kUntouched = -77;
            std::vector<T> c(m * n + 1, kUntouched);
            const auto stride = static_cast<std::ptrdiff_t>(n);
            kernels::table<T>().product[kAssign](c.data(), stride, a, b, m, n, k, 0);
            for (std::size_t i = 0; i < m; ++i)
              for (std::size_t j = 0; j < n; ++j) {
                T expected = 0;  // small whole numbers: exact in any order
                for (std::size_t l = 0; l < k; ++l) expected += at(a, i, l) * at(b, l, j);
                ASSERT_EQ(c[i * n + j], expected)
                    << m << " x " << k << " x " << n << " at " << i << ", " << j;
              }
            ASSERT_EQ(c[m * n], kUntouched);
          }
}

TYPED_TEST(ProductKernels, ThatAreSubtractedHaveTheBitsOfProductScaleAndDifference) {
  using T = TypeParam;
  std::vector<T> left(4000), right(4000);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::sin(static_cast<T>(i));
  for (std::size_t i = 0; i < right.size(); ++i) right[i] = std::cos(static_cast<T>(i));
  const T scale = static_cast<T>(0.3);
  for (std::size_t m : {1, 2, 3, 4, 5, 7, 9, 10})
    for (std::size_t n : {1, 2, 4, 7, 8, 16, 17, 40})
      for (std::size_t k : {0, 1, 2, 3, 4, 8, 17})
        for (bool left_transposed : {false, true}) {
          const kernels::Matrix<T> a = lay_out(left, m, k, left_transposed), b = lay_out(right, k, n, false);
          const auto stride = static_cast<std::ptrdiff_t>(n);
          std::vector<T> product(m * n), before(m * n + 1), c;
          for (std::size_t i = 0; i < before.size(); ++i) before[i] = std::sin(static_cast<T>(7 * i));
          const kernels::Table<T>& table = kernels::table_for<T>(n);
          table.product[kAssign](product.data(), stride, a, b, m, n, k, 0);
          const kernels::ProductKernel<T> found = table.find_product[kSubtract](n, k);
          for (const kernels::ProductKernel<T> kernel : {table.product[kSubtract], found}) {
            if (kernel == nullptr) continue;
            c = before;
            kernel(c.data(), stride, a, b, m, n, k, scale);
            for (std::size_t i = 0; i < m * n; ++i) {
              const T scaled = scale * product[i];
              ASSERT_EQ(c[i], before[i] - scaled) << m << " x " << k << " x " << n << " at " << i;
            }
            ASSERT_EQ(c[m * n], before[m * n]);
          }
        }
}

TYPED_TEST(ProductKernels, OfOneSizeHaveTheBitsOfTheOneForAllSizes) {
  using T = TypeParam;
  std::vector<T> left(400), right(4000);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::sin(static_cast<T>(i));
  for (std::size_t i = 0; i < right.size(); ++i) right[i] = std::cos(static_cast<T>(i));
  std::size_t found = 0;
  for (std::size_t m : {1, 2, 3, 4, 5, 7, 9, 10})
    for (std::size_t n : {2, 4, 8, 16, 32, 48})
      for (std::size_t k : {1, 2, 3, 4, 5})
        for (bool left_transposed : {false, true}) {
          const kernels::Table<T>& table = kernels::table_for<T>(n);
          const kernels::ProductKernel<T> kernel = table.find_product[kAssign](n, k);
          if (kernel == nullptr) continue;
          ++found;
          const kernels::Matrix<T> a = lay_out(left, m, k, left_transposed), b = lay_out(right, k, n, false);
          std::vector<T> c(m * n), expected(m * n);
          const auto stride = static_cast<std::ptrdiff_t>(n);
          kernel(c.data(), stride, a, b, m, n, k, 0);
          table.product[kAssign](expected.data(), stride, a, b, m, n, k, 0);
          ASSERT_EQ(c, expected) << m << " x " << k << " x " << n;
        }
  EXPECT_GT(found, 50U);
}

TYPED_TEST(ProductKernels, OfOneColumnAndColumnsSideBySideHaveTheBitsOfTheTransposed) {
  using T = TypeParam;
  std::vector<T> left(2000), right(100);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::sin(static_cast<T>(i));
  for (std::size_t i = 0; i < right.size(); ++i) right[i] = std::cos(static_cast<T>(i));
  const kernels::ProductKernel<T> product = kernels::table<T>().product[kAssign];
  for (std::size_t m : {2, 3, 7, 8, 16, 33, 48})
    for (std::size_t k : {1, 2, 3, 4, 5, 17}) {
      const kernels::Matrix<T> a = lay_out(left, m, k, true), b{right.data(), 1, 1};
      const kernels::Matrix<T> b_transposed{right.data(), 1, 1}, a_transposed{a.data, a.column_stride, 1};
      std::vector<T> c(m), expected(m);
      product(c.data(), 1, a, b, m, 1, k, 0);
      product(expected.data(), static_cast<std::ptrdiff_t>(m), b_transposed, a_transposed, 1, m, k, 0);
      ASSERT_EQ(c, expected) << m << " x " << k;
    }
}

TYPED_TEST(ProductKernels, OfOneColumnGiveARowTheSameBitsWhateverItsNeighbours) {
  using T = TypeParam;
  std::vector<T> left(1000), right(100);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::sin(static_cast<T>(i));
  for (std::size_t i = 0; i < right.size(); ++i) right[i] = std::cos(static_cast<T>(i));
  const kernels::ProductKernel<T> product = kernels::table<T>().product[kAssign];
  for (std::size_t m : {4, 5, 9})
    for (std::size_t k = 1; k <= 40; ++k) {
      const kernels::Matrix<T> a = lay_out(left, m, k, false), b{right.data(), 1, 1};
      std::vector<T> c(m), alone(m);
      product(c.data(), 1, a, b, m, 1, k, 0);
      for (std::size_t i = 0; i < m; ++i) {
        const kernels::Matrix<T> row{a.data + static_cast<std::ptrdiff_t>(i) * a.row_stride, a.row_stride, 1};
        product(&alone[i], 1, row, b, 1, 1, k, 0);
      }
      ASSERT_EQ(c, alone) << m << " x " << k;
    }
}

}  // namespace
}  // namespace talweg
