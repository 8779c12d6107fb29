// Which library computes a large product, and that each computes it.

#include "program/large_products.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace talweg {
namespace {

constexpr double kManyOperations = 1e9, kFewOperations = 1e6;

struct Case {
  std::int64_t m, n, k;
  bool a_transposed, b_transposed;
  double operations;
  const char* library;
};

/// Without gaps between the lines.
ProductLayout layout_of(const Case& test) {
  return {test.m,
          test.n,
          test.k,
          test.a_transposed ? test.m : test.k,
          test.b_transposed ? test.k : test.n,
          test.a_transposed,
          test.b_transposed};
}

// clang-format off
constexpr Case kCases[] = {
    // m,    n,   k, transposed a, b,                    by
    {  64,  256, 784, false, false, kManyOperations, "oneDNN"},
    {  64,  256, 784, false, false, kFewOperations,  "BLAS"},    // not worth loading oneDNN
    {  64, 1024, 784, false, false, kManyOperations, "BLAS"},    // rows of b are 4 KiB apart
    {  64,  256, 128, true,  false, kManyOperations, "oneDNN"},
    { 512,  256, 128, true,  false, kManyOperations, "BLAS"},    // rows of a^T are 2 KiB apart
    {  64,  256, 512, false, true,  kManyOperations, "oneDNN"},
    { 600, 1024, 128, true,  false, kManyOperations, "oneDNN"},  // large enough to be copied into blocks
    {  64,   64,  65, true,  true,  kManyOperations, "BLAS"}};
// clang-format on

TEST(LargeProducts, AreComputedByTheLibraryThatIsFasterForTheLayout) {
  const bool has_dnnl =
      fastest_product<float>(layout_of(kCases[0]), kManyOperations) != large_product<float>();
  for (const Case& test : kCases) {
    const bool by_dnnl = fastest_product<float>(layout_of(test), test.operations) != large_product<float>();
    EXPECT_EQ(by_dnnl, has_dnnl && std::string_view(test.library) == "oneDNN")
        << test.m << " " << test.n << " " << test.k;
    EXPECT_EQ(fastest_product<double>(layout_of(test), test.operations), large_product<double>());
  }
}

TEST(LargeProducts, AreSumsOfProducts) {
  for (const Case& test : kCases) {
    const ProductLayout layout = layout_of(test);
    const auto whole_numbers = [](std::int64_t size, int factor) {
      std::vector<float> values(static_cast<std::size_t>(size));
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(static_cast<int>(i * static_cast<std::size_t>(factor) % 19) - 9);
      return values;
    };
    const auto a = whole_numbers(test.m * test.k, 37), b = whole_numbers(test.k * test.n, 53);
    std::vector<float> c(static_cast<std::size_t>(test.m * test.n));
    const auto narrow = [](std::int64_t size) { return static_cast<std::int32_t>(size); };
    fastest_product<float>(layout, test.operations)(
        c.data(), narrow(test.n), a.data(), narrow(layout.a_stride), test.a_transposed, b.data(),
        narrow(layout.b_stride), test.b_transposed, narrow(test.m), narrow(test.n), narrow(test.k));
    for (std::int64_t i = 0; i < test.m; i += 13)
      for (std::int64_t j = 0; j < test.n; j += 7) {
        float expected = 0;  // small whole numbers: exact in any order
        for (std::int64_t l = 0; l < test.k; ++l)
          expected += a[static_cast<std::size_t>(test.a_transposed ? l * test.m + i : i * test.k + l)] *
                      b[static_cast<std::size_t>(test.b_transposed ? j * test.k + l : l * test.n + j)];
        ASSERT_EQ(c[static_cast<std::size_t>(i * test.n + j)], expected)
            << test.m << " " << test.n << " " << test.k << " at " << i << ", " << j;
      }
  }
}

}  // namespace
}  // namespace talweg
