#include "program/large_products.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "kernels/dnnl/product.hpp"
#include "program/kernel_library.hpp"

namespace talweg {
namespace {

template <class T>
kernels::LargeProduct<T> find(const char* library, const char* symbol) {
  const auto* kernel = static_cast<const kernels::LargeProduct<T>*>(find_in_library(library, symbol));
  return kernel == nullptr ? nullptr : *kernel;
}

enum class Way : std::uint8_t { blas, dnnl, dnnl_of_copies };

/// Null for the BLAS, and where oneDNN is not there.
kernels::LargeProduct<float> dnnl_product(Way way) {
  if (way == Way::blas) return nullptr;
  static const kernels::LargeProduct<float> dnnl = find<float>("talweg_dnnl.so", kernels::kDnnlProduct);
  static const kernels::LargeProduct<float> dnnl_of_copies =
      find<float>("talweg_dnnl.so", kernels::kDnnlProductOfCopies);
  return way == Way::dnnl ? dnnl : dnnl_of_copies;
}

/// With fewer columns than this oneDNN is slower than OpenBLAS where a is transposed.
constexpr std::int64_t kFewColumns = 8;
/// With fewer rows OpenBLAS is slower, up to five times.
constexpr std::int64_t kFewRows = 16;
/// oneDNN copies operands into blocks only where 1/m + 1/n is less; otherwise it reads them as they lie.
constexpr double kCopies = 0.0038;
/// Rows at a distance of so many elements fall into one set of the first-level cache: read as they lie, they
/// drive each other out.
constexpr std::int64_t kCacheStride = 4096 / sizeof(float);
/// Where a is not transposed, up to so many terms oneDNN is faster even where b lies badly for it.
constexpr std::int64_t kFewTerms = 16;
/// Where it is transposed, oneDNN is slower with so many rows of either operand in one set, counted among so
/// many of its terms: it adds them in blocks, and this number fits the measurements.
constexpr std::int64_t kManyInASet = 32, kTermsAtATime = 64;
/// And it is somewhat slower with so many terms, a result of so many elements, and rows of b that far apart.
constexpr std::int64_t kManyTerms = 128, kManyElements = 10'000, kDistance = 512 / sizeof(float);
/// Such rows of b are worth a copy where the result has so many rows and columns and the rows of a, which is
/// transposed in memory, are not as badly apart.
constexpr std::int64_t kRowsForCopies = 64, kColumnsForCopies = 128;

/// So many of `rows` rows fall into one set, where their distance is whole cache lines; of others, fewer or
/// none are counted.
std::int64_t rows_in_a_set(std::int64_t rows, std::int64_t stride) {
  return rows * std::gcd(stride, kCacheStride) / kCacheStride;
}

Way way_for_transposed(const ProductLayout& layout) {
  const auto& [m, n, k, a_stride, b_stride, a_transposed, b_transposed] = layout;
  const bool is_apart = b_stride % kDistance == 0;
  if (is_apart && a_stride % (kCacheStride / 2) != 0 && m >= kRowsForCopies && n >= kColumnsForCopies &&
      k <= kernels::kMostCopiedTerms)
    return Way::dnnl_of_copies;
  const std::int64_t terms = std::min(k, kTermsAtATime);
  if (std::max(rows_in_a_set(terms, a_stride), rows_in_a_set(terms, b_stride)) >= kManyInASet ||
      (is_apart && k >= kManyTerms && m * n >= kManyElements))
    return Way::blas;
  return Way::dnnl;
}

/// Measured on one core of an EPYC 7003 with 6,503 products, m, n and k from 2 to 2048, rows without gaps and
/// parts of longer ones: on average 0.7 % slower than if the fastest way were known for each. A vector's
/// product is left to the BLAS, which is as fast. Loading oneDNN takes 5 ms once, the time of a thousand of
/// the smallest products.
Way fastest_way(const ProductLayout& layout) {
  const auto m = static_cast<double>(layout.m), n = static_cast<double>(layout.n);
  if (layout.m == 1 || layout.n == 1) return Way::blas;
  if (layout.a_transposed && (layout.b_transposed || layout.n < kFewColumns)) return Way::blas;
  if (layout.b_transposed || layout.m < kFewRows || 1 / m + 1 / n < kCopies) return Way::dnnl;
  if (layout.a_transposed) return way_for_transposed(layout);
  return layout.k <= kFewTerms || layout.b_stride % (kCacheStride / 2) != 0 ? Way::dnnl : Way::blas;
}

/// Up to so many terms OpenBLAS adds to the result as one sum. It divides longer sums, as oneDNN divides
/// shorter ones, too; where the result is large, the parts may be too small to change it.
template <class T>
constexpr std::int64_t kTermsOfASum = sizeof(T) == sizeof(float) ? 256 : 128;
/// OpenBLAS sets a result to zero in a pass of its own. It needs none where it adds, and is then as fast as
/// oneDNN where 1/m + 1/n is less than this, measured like the rest with 595 products of transposed a.
constexpr double kAdds = 0.015;

}  // namespace

template <>
kernels::LargeProduct<float> large_product() {
  static const kernels::LargeProduct<float> kernel =
      find<float>("talweg_blas.so", kernels::kLargeProductFloat32);
  return kernel;
}

template <>
kernels::LargeProduct<double> large_product() {
  static const kernels::LargeProduct<double> kernel =
      find<double>("talweg_blas.so", kernels::kLargeProductFloat64);
  return kernel;
}

template <>
kernels::LargeProduct<float> fastest_product(const ProductLayout& layout) {
  const kernels::LargeProduct<float> fastest = dnnl_product(fastest_way(layout));
  return fastest != nullptr ? fastest : large_product<float>();
}

template <>
kernels::LargeProduct<double> fastest_product(const ProductLayout& /*layout*/) {
  return large_product<double>();
}

template <class T>
bool is_added_well(std::int64_t m, std::int64_t n, std::int64_t k) {
  return k <= kTermsOfASum<T> && 1 / static_cast<double>(m) + 1 / static_cast<double>(n) < kAdds;
}

template bool is_added_well<float>(std::int64_t m, std::int64_t n, std::int64_t k);
template bool is_added_well<double>(std::int64_t m, std::int64_t n, std::int64_t k);

template <>
void generate_code(kernels::LargeProduct<float> product, const ProductLayout& layout) {
  if (product == large_product<float>()) return;
  const auto narrow = [](std::int64_t size) { return static_cast<std::int32_t>(size); };
  const auto zeros = [](std::int64_t lines, std::int64_t stride) {
    return std::vector<float>(static_cast<std::size_t>(lines * stride));
  };
  const std::vector<float> a = zeros(layout.a_transposed ? layout.k : layout.m, layout.a_stride),
                           b = zeros(layout.b_transposed ? layout.n : layout.k, layout.b_stride);
  std::vector<float> c = zeros(layout.m, layout.n);
  product(c.data(), narrow(layout.n), a.data(), narrow(layout.a_stride), layout.a_transposed, b.data(),
          narrow(layout.b_stride), layout.b_transposed, narrow(layout.m), narrow(layout.n), narrow(layout.k),
          1, 0);
}

template <>
void generate_code(kernels::LargeProduct<double> /*product*/, const ProductLayout& /*layout*/) {}

}  // namespace talweg
