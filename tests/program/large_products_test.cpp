// How a large product is computed, and that each way computes it.

#include "program/large_products.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <vector>

namespace talweg {
namespace {

struct Case {
  std::int64_t m, n, k;
  bool a_transposed, b_transposed;
  const char* way;  ///< "copies": by oneDNN, of copies
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
    {  64,  256, 784, false, false, "oneDNN"},
    {  64, 1024, 784, false, false, "BLAS"},    // rows of b are 4 KiB apart
    {  64,  512, 784, false, false, "BLAS"},    // or 2 KiB
    { 354, 1024, 100, false, false, "BLAS"},
    { 355, 1024, 100, false, false, "oneDNN"},  // large enough to be copied into blocks
    {  64, 1024,  16, false, false, "oneDNN"},  // few terms
    {  64, 1024,  17, false, false, "BLAS"},
    {  15, 1024, 784, false, false, "oneDNN"},  // few rows
    {  16, 1024, 784, false, false, "BLAS"},
    {  15, 1024, 128, true,  false, "oneDNN"},
    {  16, 1024, 128, true,  false, "BLAS"},
    {  64,  256, 512, false, true,  "oneDNN"},
    { 256,    4, 128, false, false, "oneDNN"},
    { 256,    4, 128, true,  false, "BLAS"},    // few columns of rows that are not contiguous
    { 256,    7, 128, true,  false, "BLAS"},
    { 256,    8, 128, true,  false, "oneDNN"},
    { 600, 1024, 128, true,  false, "oneDNN"},
    {  63, 1024,  31, true,  false, "oneDNN"},
    {  63, 1024,  32, true,  false, "BLAS"},    // so many rows of b in one set of the cache
    {  63,  512,  63, true,  false, "oneDNN"},
    {  63,  512,  64, true,  false, "BLAS"},
    {  64,  128, 256, true,  false, "copies"},  // rows of b at multiples of 512 bytes are copied
    {  63,  128, 256, true,  false, "oneDNN"},
    {  64,  127, 256, true,  false, "oneDNN"},
    {  64,  128, 257, true,  false, "oneDNN"},
    { 392,  300, 128, true,  false, "oneDNN"},
    { 392,  384,  20, true,  false, "copies"},
    { 256,  384, 128, true,  false, "copies"},
    { 392,  320, 128, true,  false, "oneDNN"},
    { 512,  384, 128, true,  false, "BLAS"},    // rows of a^T are 2 KiB apart
    {  40,  256, 784, true,  false, "BLAS"},    // many elements
    {  60,  260, 784, true,  false, "oneDNN"},
    {  39,  256, 784, true,  false, "oneDNN"},
    {  60,  256, 127, true,  false, "oneDNN"},
    {1024,  100,  31, true,  false, "oneDNN"},
    {1024,  100,  32, true,  false, "BLAS"},    // so many rows of a^T in one set
    {  39,  256, 128, true,  false, "oneDNN"},
    {  64,   64,  65, true,  true,  "BLAS"},
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

TEST(LargeProducts, AreComputedInTheWayThatIsFastestForTheLayout) {
  std::map<std::string_view, kernels::LargeProduct<float>> ways = {{"BLAS", large_product<float>()}};
  for (const Case& test : kCases) ways.emplace(test.way, fastest_product<float>(layout_of(test)));
  const bool has_dnnl = ways.at("oneDNN") != ways.at("BLAS");
  EXPECT_EQ(ways.at("copies") != ways.at("BLAS"), has_dnnl);
  EXPECT_EQ(ways.at("copies") != ways.at("oneDNN"), has_dnnl);
  for (const Case& test : kCases) {
    EXPECT_EQ(fastest_product<float>(layout_of(test)), ways.at(test.way))
        << test.m << " " << test.n << " " << test.k << ": " << test.way;
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

/// In the way that is chosen where there are no gaps, of parts of longer rows, too.
TEST(LargeProducts, AreSumsOfProducts) {
  for (const Case& test : kCases)
    for (const std::int64_t gap : {0, 5})
      for (const bool subtracts : {false, true}) {
        expect_sums_of_products<float>(fastest_product<float>(layout_of(test)), test, gap, subtracts);
        expect_sums_of_products<float>(large_product<float>(), test, gap, subtracts);
        expect_sums_of_products<double>(large_product<double>(), test, gap, subtracts);
      }
}

TEST(LargeProducts, OfCopiesEndWithBlocksOfAnyWidth) {
  const auto of_copies = fastest_product<float>(layout_of({64, 128, 256, true, false, "copies"}));
  for (const std::int64_t n : {2, 47, 48, 49, 96, 97, 143})
    for (const bool subtracts : {false, true})
      expect_sums_of_products<float>(of_copies, {70, n, 100, true, false, "copies"}, 3, subtracts);
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
  EXPECT_FALSE(is_added_well<float>(1000, 64, 128)) << "oneDNN is faster";
  for (const Case& test : kCases) {
    if (test.m == 1 || test.n == 1) continue;
    expect_one_rounding<float>(test, 256);
    expect_one_rounding<double>(test, 128);
  }
}

}  // namespace
}  // namespace talweg
