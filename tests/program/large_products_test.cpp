// Which library computes a large product, and that each computes it.

#include "program/large_products.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "kernels/instruction_sets.hpp"

namespace talweg {
namespace {

struct Case {
  std::int64_t m, n, k;
  bool a_transposed, b_transposed;
  const char* library;
};

/// With `gap` elements between the lines.
ProductLayout layout_of(const Case& test, std::int64_t gap = 0) {
  return {test.m,
          test.n,
          test.k,
          (test.a_transposed ? test.m : test.k) + gap,
          (test.b_transposed ? test.k : test.n) + gap,
          test.a_transposed,
          test.b_transposed};
}

// clang-format off
constexpr Case kCases[] = {
    // m,    n,   k, transposed a, b,   by
    {   2,    2, 100, false, false, "oneDNN"},
    {  64,  256, 784, false, false, "oneDNN"},
    {  64,  256, 512, false, true,  "oneDNN"},
    { 600, 1024, 128, true,  false, "oneDNN"},
    { 256,    4, 128, false, true,  "oneDNN"},
    { 256,    5, 128, true,  false, "BLAS"},    // few columns of rows that are not contiguous
    { 256,    6, 128, true,  false, "oneDNN"},
    { 256,    5, 128, true,  true,  "BLAS"},
    {  64,   64,  65, true,  true,  "oneDNN"},
    // copied before they are multiplied: b, a or both, in one block and in several
    {  40, 1024,  20, false, false, "oneDNN"},
    {  64, 1024, 784, false, false, "oneDNN"},
    { 130,  256, 300, true,  false, "oneDNN"},
    {  70,  128, 100, true,  false, "oneDNN"},
    {1024,   10,  30, true,  false, "oneDNN"},
    { 512,   50, 515, true,  false, "oneDNN"},
    { 512,   50, 515, true,  true,  "oneDNN"},
    { 512,  128, 128, true,  false, "oneDNN"},
    { 512,  384, 257, true,  false, "oneDNN"},
    // a vector: a row or a column
    {   1,  320, 512, false, false, "BLAS"},
    {   1,  320, 512, true,  false, "BLAS"},
    {   1,  320, 512, false, true,  "BLAS"},
    {   1,  320, 512, true,  true,  "BLAS"},
    { 320,    1, 512, false, false, "BLAS"},
    { 320,    1, 512, true,  false, "BLAS"},
    { 320,    1, 512, false, true,  "BLAS"},
    { 320,    1, 512, true,  true,  "BLAS"}};
// clang-format on

TEST(LargeProducts, AreComputedByTheLibraryThatIsFasterForTheLayout) {
  const bool has_dnnl = fastest_product<float>(layout_of(kCases[0])) != large_product<float>();
  for (const Case& test : kCases) {
    const bool by_dnnl = fastest_product<float>(layout_of(test)) != large_product<float>();
    EXPECT_EQ(by_dnnl, has_dnnl && std::string_view(test.library) == "oneDNN")
        << test.m << " " << test.n << " " << test.k;
    EXPECT_EQ(fastest_product<double>(layout_of(test)), large_product<double>());
  }
}

/// Of small whole numbers, so that sums are exact in any order. What was in c before matters where the
/// product is subtracted from it alone, and gaps between its lines are not touched.
template <class T>
void expect_sums_of_products(kernels::LargeProduct<T> product, const Case& test, std::int64_t gap,
                             bool subtracts) {
  constexpr T kUntouched = 1234;
  const ProductLayout layout = layout_of(test, gap);
  const auto whole_numbers = [](std::int64_t size, int factor) {
    std::vector<T> values(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<T>(static_cast<int>(i * static_cast<std::size_t>(factor) % 19) - 9);
    return values;
  };
  const auto a = whole_numbers((test.a_transposed ? test.k : test.m) * layout.a_stride, 37),
             b = whole_numbers((test.b_transposed ? test.n : test.k) * layout.b_stride, 53);
  const std::int64_t c_stride = test.n + gap;
  std::vector<T> c(static_cast<std::size_t>(test.m * c_stride), kUntouched);
  for (std::int64_t i = 0; i < test.m; ++i)
    std::fill_n(c.begin() + i * c_stride, test.n, subtracts ? T(5) : std::numeric_limits<T>::quiet_NaN());
  const auto narrow = [](std::int64_t size) { return static_cast<std::int32_t>(size); };
  product(c.data(), narrow(c_stride), a.data(), narrow(layout.a_stride), test.a_transposed, b.data(),
          narrow(layout.b_stride), test.b_transposed, narrow(test.m), narrow(test.n), narrow(test.k),
          subtracts ? T(-0.5) : T(1), subtracts ? T(1) : T(0));
  const auto at = [](const std::vector<T>& values, std::int64_t index) {
    return values[static_cast<std::size_t>(index)];
  };
  for (std::int64_t i = 0; i < test.m; i += 13)
    for (std::int64_t j = 0; j < c_stride; j += j + 7 < test.n ? 7 : 1) {
      T expected = j < test.n ? 0 : kUntouched;
      for (std::int64_t l = 0; l < test.k && j < test.n; ++l)
        expected += at(a, test.a_transposed ? l * layout.a_stride + i : i * layout.a_stride + l) *
                    at(b, test.b_transposed ? j * layout.b_stride + l : l * layout.b_stride + j);
      if (subtracts && j < test.n) expected = 5 - expected / 2;
      ASSERT_EQ(at(c, i * c_stride + j), expected)
          << test.m << " " << test.n << " " << test.k << " at " << i << ", " << j;
    }
}

/// Of matrices, and of parts of longer lines.
TEST(LargeProducts, AreSumsOfProducts) {
  for (const Case& test : kCases)
    for (const std::int64_t gap : {0, 5, 512})
      for (const bool subtracts : {false, true}) {
        const ProductLayout layout = layout_of(test, gap);
        expect_sums_of_products<float>(fastest_product<float>(layout), test, gap, subtracts);
        expect_sums_of_products<float>(large_product<float>(), test, gap, subtracts);
        expect_sums_of_products<double>(large_product<double>(), test, gap, subtracts);
      }
}

/// From ones, so many equal terms that all together are 3/4 of the distance to the next number below, but no
/// half of them is anything.
template <class T>
void expect_one_rounding(const Case& test, std::int32_t k) {
  const auto m = static_cast<std::int32_t>(test.m), n = static_cast<std::int32_t>(test.n);
  const std::vector<T> a(static_cast<std::size_t>(m * k), T(1)), b(static_cast<std::size_t>(k * n), T(1));
  std::vector<T> c(static_cast<std::size_t>(m * n), T(1));
  const T below = std::numeric_limits<T>::epsilon() / 2;
  large_product<T>()(c.data(), n, a.data(), test.a_transposed ? m : k, test.a_transposed, b.data(),
                     test.b_transposed ? k : n, test.b_transposed, m, n, k,
                     -below * 3 / 4 / static_cast<T>(k), 1);
  EXPECT_TRUE(std::ranges::all_of(c, [&](T value) { return value == 1 - below; }))
      << m << " " << n << " " << test.a_transposed << test.b_transposed;
}

TEST(LargeProducts, ThatAreAddedAreRoundedOnce) {
  EXPECT_TRUE(is_added_well<float>(300, 300, 256));
  EXPECT_TRUE(is_added_well<double>(300, 300, 128));
  EXPECT_FALSE(is_added_well<float>(300, 300, 257));
  EXPECT_FALSE(is_added_well<double>(300, 300, 129));
  EXPECT_FALSE(is_added_well<float>(1000, 1, 128));
  EXPECT_TRUE(is_added_well<float>(1000, 30, 128));
  EXPECT_EQ(is_added_well<float>(1000, 20, 128), has_avx512())
      << "oneDNN is faster than a panel and a quarter";
  EXPECT_EQ(is_added_well<float>(1000, 10, 128), has_avx2()) << "in panels";
  for (const Case& test : kCases) {
    if (test.m == 1 || test.n == 1) continue;
    expect_one_rounding<float>(test, 256);
    expect_one_rounding<double>(test, 128);
  }
}

}  // namespace
}  // namespace talweg
