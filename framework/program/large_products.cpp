#include "program/large_products.hpp"

#include <vector>

#include "kernels/dnnl/product.hpp"
#include "program/kernel_library.hpp"
#include "program/panels.hpp"

namespace talweg {
namespace {

template <class T>
kernels::LargeProduct<T> find(const char* library, const char* symbol) {
  const auto* kernel = static_cast<const kernels::LargeProduct<T>*>(find_in_library(library, symbol));
  return kernel == nullptr ? nullptr : *kernel;
}

kernels::LargeProduct<float> dnnl_product() {
  static const kernels::LargeProduct<float> kernel = find<float>("talweg_dnnl.so", kernels::kDnnlProduct);
  return kernel;
}

/// With fewer columns than this oneDNN is slower than OpenBLAS where a is transposed.
constexpr std::int64_t kFewColumns = 6;

/// As measured (kernels/dnnl/product.cpp). A vector's product is left to the BLAS, which is as fast. Loading
/// oneDNN takes 5 ms once, the time of a thousand of the smallest products.
bool dnnl_is_faster(const ProductLayout& layout) {
  return layout.m > 1 && layout.n > 1 && !(layout.a_transposed && layout.n < kFewColumns);
}

/// Up to so many terms OpenBLAS adds to the result as one sum. It divides longer sums, as oneDNN divides
/// shorter ones, too; where the result is large, the parts may be too small to change it.
template <class T>
constexpr std::int64_t kTermsOfASum = sizeof(T) == sizeof(float) ? 256 : 128;
/// OpenBLAS sets a result to zero in a pass of its own. It needs none where it adds: then, where 1/m + 1/n is
/// less than this, it is sooner done than oneDNN's product and a pass that adds it. Measured like the rest,
/// with 1,246 products of transposed a.
constexpr double kAdds = 0.04;

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
  return dnnl_is_faster(layout) && dnnl_product() != nullptr ? dnnl_product() : large_product<float>();
}

template <>
kernels::LargeProduct<double> fastest_product(const ProductLayout& /*layout*/) {
  return large_product<double>();
}

template <class T>
bool is_added_well(std::int64_t m, std::int64_t n, std::int64_t k) {
  const bool adds_sooner = 1 / static_cast<double>(m) + 1 / static_cast<double>(n) < kAdds;
  return k <= kTermsOfASum<T> &&
         (adds_sooner || are_panels_faster(k, m, n, panel_width<T>(), WeightUpdate::product));
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
