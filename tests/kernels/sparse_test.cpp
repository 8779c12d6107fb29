// Products that leave zeros out against those that do not: the same bits.

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "kernels/matrices.hpp"

namespace talweg {
namespace {

template <class T>
class SparseKernels : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(SparseKernels, Types);

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();

template <class T>
Dense<T> random_matrix(std::size_t rows, std::size_t columns, double density, unsigned seed) {
  Dense<T> matrix(rows, columns, 0);
  std::mt19937 random(seed);
  std::uniform_real_distribution<T> uniform(-1, 1);
  std::bernoulli_distribution is_there(density);
  for (T& value : matrix.values) value = is_there(random) ? uniform(random) : T(0);
  return matrix;
}

template <class T>
Dense<T> transpose(const Dense<T>& matrix) {
  Dense<T> result(matrix.columns, matrix.rows, 0);
  for (std::size_t i = 0; i < matrix.rows; ++i)
    for (std::size_t j = 0; j < matrix.columns; ++j) result.values[j * matrix.rows + i] = matrix.at(i, j);
  return result;
}

/// A matrix in panels whose bits were found in two parts of its columns.
template <class T>
struct Sparse {
  explicit Sparse(const Dense<T>& matrix)
      : panels(matrix),
        bits((matrix.columns + 63) / 64 * matrix.rows, ~std::uint64_t{0}),
        transposed_bits((matrix.rows + 63) / 64 * matrix.columns, ~std::uint64_t{0}),
        view{panels.data(), matrix.rows, matrix.columns, bits.data(), transposed_bits.data()} {
    const std::size_t half = matrix.columns / 128 * 64;
    for (const auto& [begin, end] : {std::pair{std::size_t{0}, half}, {half, matrix.columns}})
      count += kernels::table<T>().sparse.find_nonzeros(panels.data(), matrix.rows, matrix.columns, begin,
                                                        end - begin, bits.data(), transposed_bits.data());
  }

  Panels<T> panels;
  std::vector<std::uint64_t> bits, transposed_bits;
  std::size_t count = 0;
  kernels::SparseMatrix<T> view;
};

struct Size {
  std::size_t m, k, n;
};
/// Fewer and more than are computed together, in each direction; the last of several parts of sums.
constexpr Size kSizes[] = {{1, 1, 1},      {3, 64, 16},     {13, 65, 33},  {64, 33, 70},   {70, 128, 97},
                           {129, 40, 128}, {140, 131, 300}, {9, 900, 140}, {600, 400, 200}};

TYPED_TEST(SparseKernels, FindWhatIsNotZero) {
  using T = TypeParam;
  for (const Size& size : kSizes) {
    Dense<T> matrix = random_matrix<T>(size.m, size.n, 0.3, 1);
    matrix.values[0] = kNaN<T>;
    matrix.values.back() = -T(0);
    Sparse<T> sparse(matrix);
    std::size_t count = 0;
    for (std::size_t i = 0; i < (size.m + 63) / 64 * 64; ++i)
      for (std::size_t j = 0; j < (size.n + 63) / 64 * 64; ++j) {
        const bool is_element = i < size.m && j < size.n;
        const bool expected = is_element && matrix.at(i, j) != 0;
        count += expected;
        if (i < size.m) {
          ASSERT_EQ(sparse.bits[j / 64 * size.m + i] >> j % 64 & 1, expected) << i << ", " << j;
        }
        if (j < size.n) {
          ASSERT_EQ(sparse.transposed_bits[i / 64 * size.n + j] >> i % 64 & 1, expected) << i << ", " << j;
        }
      }
    EXPECT_EQ(sparse.count, count);
  }
}

TYPED_TEST(SparseKernels, DoNotTakeWhatFillsPanelsUpForElements) {
  using T = TypeParam;
  const Dense<T> matrix = random_matrix<T>(5, 3, 1, 1);
  Sparse<T> sparse(matrix);
  for (std::size_t i = 0; i < sparse.panels.elements(); ++i)
    if (i % panel_kernels<T>().width >= 3) sparse.panels.data()[i] = kNaN<T>;
  EXPECT_EQ(kernels::table<T>().sparse.find_nonzeros(sparse.panels.data(), 5, 3, 0, 3, sparse.bits.data(),
                                                     sparse.transposed_bits.data()),
            15U);
  for (const std::uint64_t bits : sparse.bits) EXPECT_EQ(bits, 7U);
}

/// What is asked of a product, and where it goes.
struct Form {
  bool b_is_transposed, in_panels, has_bias, has_relu, has_mask;
};
constexpr Form kForms[] = {{false, false, true, true, false}, {false, true, true, false, false},
                           {false, true, false, true, false}, {true, false, false, false, true},
                           {true, true, false, false, true},  {true, true, false, false, false}};

/// Both products in two parts of rows and of columns; a (m, k) and b (k, n).
template <class T>
void expect_same_products(const Dense<T>& a, const Dense<T>& b, const Form& form) {
  const std::size_t m = a.rows, k = a.columns, n = b.columns, width = panel_kernels<T>().width;
  const Dense<T> b_transposed = transpose(b), a_transposed = transpose(a);
  Panels<T> right(form.b_is_transposed ? b_transposed : b), turned(a_transposed);
  Sparse<T> left(a);
  const Dense<T> bias = random_matrix<T>(1, n, 1, 3);
  const std::size_t stride = form.in_panels ? m * width : n + 3;
  Panels<T> found(m + 1, n + 3 + width), expected(m + 1, n + 3 + width), sums(std::max(m, n), std::max(m, n));
  std::vector<T> mask(found.elements());
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] = static_cast<T>(static_cast<int>(i * 5 % 7) - 3);
  for (Panels<T>* c : {&found, &expected}) std::fill_n(c->data(), c->elements(), T(77));
  const T* bias_or_null = form.has_bias ? bias.values.data() : nullptr;
  const T* mask_or_null = form.has_mask ? mask.data() : nullptr;
  const kernels::SparseProduct<T> product{left.view,
                                          right.data(),
                                          form.b_is_transposed,
                                          bias_or_null,
                                          form.has_relu,
                                          mask_or_null,
                                          found.data(),
                                          form.in_panels,
                                          static_cast<std::ptrdiff_t>(stride),
                                          n};
  const std::size_t row = m / 2 / width * width, column = n / 2 / width * width;
  for (const auto& [top, bottom] : {std::pair{std::size_t{0}, row}, {row, m}})
    for (const auto& [begin, end] : {std::pair{std::size_t{0}, column}, {column, n}})
      kernels::table<T>().sparse.multiply(product, {top, bottom - top, begin, end - begin});
  kernels::PanelProduct<T> dense{left.panels.data(),
                                 right.data(),
                                 bias_or_null,
                                 form.has_relu,
                                 mask_or_null,
                                 expected.data(),
                                 form.in_panels ? kernels::ResultLayout::panels : kernels::ResultLayout::rows,
                                 static_cast<std::ptrdiff_t>(stride),
                                 m,
                                 n,
                                 k};
  if (form.b_is_transposed) {
    dense.a = right.data();
    dense.b = turned.data();
    dense.c_layout =
        form.in_panels ? kernels::ResultLayout::transposed_panels : kernels::ResultLayout::columns;
    std::swap(dense.m, dense.n);
  }
  panel_kernels<T>().multiply(dense, {0, dense.m, 0, dense.n}, sums.data());
  for (std::size_t i = 0; i < found.elements(); ++i) {
    const T one = found.data()[i], other = expected.data()[i];
    ASSERT_TRUE(one == other || (one != one && other != other))
        << one << ", not " << other << ": " << m << " x " << k << " x " << n << ", at " << i;
  }
}

TYPED_TEST(SparseKernels, MultiplyAsThoseDoThatLeaveNothingOut) {
  using T = TypeParam;
  for (const Size& size : kSizes)
    for (const double density : {0.0, 0.02, 0.5, 1.0})
      for (const Form& form : kForms)
        expect_same_products(random_matrix<T>(size.m, size.k, density, 1),
                             random_matrix<T>(size.k, size.n, 1, 2), form);
}

TYPED_TEST(SparseKernels, LeaveNoZeroOutThatMeetsWhatIsNotFinite) {
  using T = TypeParam;
  Dense<T> b = random_matrix<T>(131, 150, 1, 2);
  b.values[0] = kInfinity<T>;
  b.values[100 * 150 + 149] = kNaN<T>;
  for (const Form& form : kForms) expect_same_products(random_matrix<T>(70, 131, 0.1, 1), b, form);
}

/// c (m, n) of a^T @ b for k terms, one of which is sparse; in two parts of rows and of columns.
template <class T>
void expect_same_transposed_products(const Dense<T>& a, const Dense<T>& b, bool is_a_sparse, bool subtracts) {
  const std::size_t m = a.columns, n = b.columns, width = panel_kernels<T>().width;
  Sparse<T> left(a), right(b);
  const Dense<T> c = random_matrix<T>(m, n, 1, 4);
  Panels<T> found(c), expected(c);
  kernels::TransposedPanelProduct<T> product{
      left.panels.data(), right.panels.data(), found.data(), m, n, a.rows, subtracts, T(0.1)};
  const kernels::SparseKernels<T>& sparse = kernels::table<T>().sparse;
  const std::size_t row = m / 2 / width * width, column = n / 2 / width * width;
  for (const auto& [top, bottom] : {std::pair{std::size_t{0}, row}, {row, m}})
    for (const auto& [begin, end] : {std::pair{std::size_t{0}, column}, {column, n}}) {
      const kernels::PartOfProduct part{top, bottom - top, begin, end - begin};
      if (is_a_sparse)
        sparse.multiply_transposed(product, left.view, part);
      else
        sparse.multiply_transposed_by(product, right.view, part);
    }
  product.c = expected.data();
  panel_kernels<T>().multiply_transposed(product, {0, m, 0, n});
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < (n + width - 1) / width * width; ++j) {
      // Behind the last column are zeros.
      const T one = found.at(i, j), other = j < n ? expected.at(i, j) : T(0);
      ASSERT_TRUE(one == other || (one != one && other != other))
          << one << ", not " << other << ": " << m << " x " << a.rows << " x " << n << ", at " << i << ", "
          << j << (is_a_sparse ? ", a" : ", b") << " is sparse" << (subtracts ? ", subtracted" : "");
    }
}

TYPED_TEST(SparseKernels, MultiplyTransposedMatricesAsThoseDoThatLeaveNothingOut) {
  using T = TypeParam;
  for (const Size& size : kSizes)
    for (const double density : {0.0, 0.02, 0.5, 1.0})
      for (const bool subtracts : {false, true}) {
        const Dense<T> a = random_matrix<T>(size.k, size.m, density, 1),
                       b = random_matrix<T>(size.k, size.n, density, 2);
        expect_same_transposed_products(a, b, true, subtracts);
        expect_same_transposed_products(a, b, false, subtracts);
      }
}

TYPED_TEST(SparseKernels, LeaveNoZeroOfATransposedMatrixOutThatMeetsWhatIsNotFinite) {
  using T = TypeParam;
  const Dense<T> sparse = random_matrix<T>(70, 100, 0.1, 1);
  Dense<T> other = random_matrix<T>(70, 131, 1, 2);
  other.values[3 * 131 + 5] = -kInfinity<T>;
  other.values.back() = kNaN<T>;
  expect_same_transposed_products(sparse, other, true, false);
  expect_same_transposed_products(other, sparse, false, true);
}

}  // namespace
}  // namespace talweg
