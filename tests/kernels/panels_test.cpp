// Products of matrices in panels against plain sums.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/matrices.hpp"

namespace talweg {
namespace {

template <class T>
class PanelKernels : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PanelKernels, Types);

constexpr std::size_t kSizes[] = {1, 5, 8, 13, 16, 33, 70};

TYPED_TEST(PanelKernels, PackAndUnpackMatricesOfAnyLayout) {
  using T = TypeParam;
  for (std::size_t rows : kSizes)
    for (std::size_t columns : kSizes) {
      const Dense<T> matrix(rows, columns, 1);
      Panels<T> packed(matrix), packed_transposed(columns, rows);
      panel_kernels<T>().pack(packed_transposed.data(), columns,
                              {matrix.values.data(), 1, static_cast<std::ptrdiff_t>(columns)}, columns, rows);
      const std::size_t width = panel_kernels<T>().width;
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < (columns + width - 1) / width * width; ++j)
          ASSERT_EQ(packed.at(i, j), j < columns ? matrix.at(i, j) : T(0)) << rows << " x " << columns;
      for (std::size_t i = 0; i < columns; ++i)
        for (std::size_t j = 0; j < rows; ++j) ASSERT_EQ(packed_transposed.at(i, j), matrix.at(j, i));
      std::vector<T> unpacked(rows * (columns + 2), T(77));
      panel_kernels<T>().unpack(unpacked.data(), static_cast<std::ptrdiff_t>(columns) + 2, packed.data(),
                                rows, columns);
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns + 2; ++j)
          ASSERT_EQ(unpacked[i * (columns + 2) + j], j < columns ? matrix.at(i, j) : T(77));
    }
}

/// In two parts of rows, as two threads compute it.
template <class T>
void expect_product(std::size_t m, std::size_t n, std::size_t k, kernels::ResultLayout layout, bool has_end) {
  using enum kernels::ResultLayout;
  const bool is_transposed = layout == columns || layout == transposed_panels;
  const std::size_t width = panel_kernels<T>().width;
  const Dense<T> a(m, k, 1), b(k, n, 2), bias(1, n, 3);
  Panels<T> left(a), right(b), sums(m, n);
  // Some more, which nothing is written to.
  const std::size_t rows_of_c = is_transposed ? n : m, columns_of_c = is_transposed ? m : n;
  const std::size_t stride = (layout == rows || layout == columns) ? columns_of_c + 3 : rows_of_c * width;
  Panels<T> c(rows_of_c + 1, columns_of_c + 3 + width);
  std::fill_n(c.data(), c.elements(), T(77));
  std::vector<T> mask(c.elements());
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<T>(static_cast<int>(i * 5 % 7) - 3);
  const auto place = [&](std::size_t i, std::size_t j) {
    if (is_transposed) std::swap(i, j);
    return layout == rows || layout == columns ? i * stride + j : j / width * stride + i * width + j % width;
  };
  const std::size_t half = m / 2 / width * width;
  for (const auto& [begin, end] : {std::pair{std::size_t{0}, half}, {half, m}})
    panel_kernels<T>().multiply({.a = left.data(),
                                 .b = right.data(),
                                 .bias = has_end && !is_transposed ? bias.values.data() : nullptr,
                                 .relu = has_end && !is_transposed,
                                 .mask = has_end && is_transposed ? mask.data() : nullptr,
                                 .c = c.data(),
                                 .c_layout = layout,
                                 .c_stride = static_cast<std::ptrdiff_t>(stride),
                                 .m = m,
                                 .n = n,
                                 .k = k},
                                {begin, end - begin, 0, n}, sums.data());
  std::vector<T> expected(c.elements(), T(77));
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      T& total = expected[place(i, j)] = has_end && !is_transposed ? bias.at(0, j) : T(0);
      for (std::size_t l = 0; l < k; ++l) total += a.at(i, l) * b.at(l, j);
      if (has_end && !is_transposed) total = std::max(total, T(0));
      if (has_end && is_transposed && mask[place(i, j)] <= 0) total = 0;
    }
  // Behind the last column of panels.
  if (layout == panels || layout == transposed_panels)
    for (std::size_t i = 0; i < rows_of_c; ++i)
      for (std::size_t j = columns_of_c; j % width != 0; ++j)
        expected[j / width * stride + i * width + j % width] = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_EQ(c.data()[i], expected[i])
        << m << " x " << k << " x " << n << ", layout " << static_cast<int>(layout) << ", at " << i;
}

template <class T>
void expect_products(std::size_t m, std::size_t n, std::size_t k) {
  using enum kernels::ResultLayout;
  for (const kernels::ResultLayout layout : {rows, columns, panels, transposed_panels})
    for (const bool has_end : {false, true}) expect_product<T>(m, n, k, layout, has_end);
}

TYPED_TEST(PanelKernels, MultiplyAsPlainSumsDo) {
  for (std::size_t m : kSizes)
    for (std::size_t n : kSizes)
      for (std::size_t k : kSizes) expect_products<TypeParam>(m, n, k);
  expect_products<TypeParam>(300, 50, 700);  // several blocks of rows and of terms
  expect_products<TypeParam>(600, 20, 300);
  expect_products<TypeParam>(128, 100, 257);
}

/// In two parts of columns and of rows.
template <class T>
void expect_transposed_product(std::size_t m, std::size_t n, std::size_t k, bool subtracts) {
  const Dense<T> a(k, m, 1), b(k, n, 2), c(m, n, 3);
  Panels<T> left(a), right(b), result(c);
  const std::size_t width = panel_kernels<T>().width;
  const std::size_t row = m / 2 / width * width, column = n / 2 / width * width;
  for (const auto& [first, last] : {std::pair{std::size_t{0}, row}, {row, m}})
    for (const auto& [begin, end] : {std::pair{std::size_t{0}, column}, {column, n}})
      panel_kernels<T>().multiply_transposed({.a = left.data(),
                                              .b = right.data(),
                                              .c = result.data(),
                                              .m = m,
                                              .n = n,
                                              .k = k,
                                              .subtracts = subtracts,
                                              .scale = T(0.5)},
                                             {first, last - first, begin, end - begin});
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = n; j % width != 0; ++j)
      ASSERT_EQ(result.at(i, j), 0) << m << " x " << k << " x " << n;
    for (std::size_t j = 0; j < n; ++j) {
      T product = 0;
      for (std::size_t l = 0; l < k; ++l) product += a.at(l, i) * b.at(l, j);
      ASSERT_EQ(result.at(i, j), subtracts ? c.at(i, j) - T(0.5) * product : product)
          << m << " x " << k << " x " << n;
    }
  }
}

TYPED_TEST(PanelKernels, MultiplyATransposedMatrixAndSubtractThat) {
  for (const bool subtracts : {false, true}) {
    for (std::size_t m : kSizes)
      for (std::size_t n : kSizes)
        for (std::size_t k : kSizes) expect_transposed_product<TypeParam>(m, n, k, subtracts);
    expect_transposed_product<TypeParam>(1100, 20, 30, subtracts);
  }
}

TYPED_TEST(PanelKernels, KeepWhatIsNotANumberInItsRowsAndColumns) {
  using T = TypeParam;
  Dense<T> a(20, 40, 1);
  const Dense<T> b(40, 30, 2);
  a.values[7 * 40 + 39] = std::numeric_limits<T>::quiet_NaN();
  Panels<T> left(a), right(b), sums(20, 30);
  std::vector<T> c(20 * 30);
  panel_kernels<T>().multiply({left.data(), right.data(), nullptr, false, nullptr, c.data(),
                               kernels::ResultLayout::rows, 30, 20, 30, 40},
                              {0, 20, 0, 30}, sums.data());
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < 30; ++j) ASSERT_EQ(std::isnan(c[i * 30 + j]), i == 7);
}

TYPED_TEST(PanelKernels, TakeReluAndItsGradientOfWhatIsNotANumber) {
  using T = TypeParam;
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  const Dense<T> a(20, 40, 1), b(40, 30, 2);
  Panels<T> left(a), right(b), sums(30, 20);
  std::vector<T> bias(30, T(0)), c(20 * 30), mask(20 * 30, T(-1));
  bias[4] = kNaN;
  panel_kernels<T>().multiply({left.data(), right.data(), bias.data(), true, nullptr, c.data(),
                               kernels::ResultLayout::rows, 30, 20, 30, 40},
                              {0, 20, 0, 30}, sums.data());
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < 30; ++j) ASSERT_EQ(std::isnan(c[i * 30 + j]), j == 4);
  mask[5] = kNaN;  // no less than 0
  std::vector<T> gradient(20 * 30, T(77));
  panel_kernels<T>().multiply({left.data(), right.data(), nullptr, false, mask.data(), gradient.data(),
                               kernels::ResultLayout::columns, 20, 20, 30, 40},
                              {0, 20, 0, 30}, sums.data());
  T expected = 0;
  for (std::size_t l = 0; l < 40; ++l) expected += a.at(5, l) * b.at(l, 0);
  for (std::size_t i = 0; i < gradient.size(); ++i) ASSERT_EQ(gradient[i], i == 5 ? expected : T(0));
}

}  // namespace
}  // namespace talweg
