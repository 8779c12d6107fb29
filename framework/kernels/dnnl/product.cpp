// Products of large matrices by oneDNN.

#include "kernels/dnnl/product.hpp"

#include <dnnl.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "kernels/dnnl/calling_thread.hpp"

namespace talweg::kernels {
namespace {

void product(float* c, std::int32_t c_stride, const float* a, std::int32_t a_stride, bool a_transposed,
             const float* b, std::int32_t b_stride, bool b_transposed, std::int32_t m, std::int32_t n,
             std::int32_t k, float alpha, float beta) {
  const OnCallingThread alone;
  dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', m, n, k, alpha, a, a_stride, b, b_stride,
             beta, c, c_stride);
}

/// Columns that are copied at a time: with the most terms they fill 48 KiB.
constexpr std::int32_t kCopiedColumns = 48;

void product_of_copies(float* c, std::int32_t c_stride, const float* a, std::int32_t a_stride,
                       bool a_transposed, const float* b, std::int32_t b_stride, bool /*b_transposed*/,
                       std::int32_t m, std::int32_t n, std::int32_t k, float alpha, float beta) {
  const OnCallingThread alone;
  alignas(64) std::array<float, std::size_t{kCopiedColumns} * kMostCopiedTerms> copy;
  for (std::int32_t first = 0; first < n; first += kCopiedColumns) {
    const std::int32_t columns = std::min(n - first, kCopiedColumns);
    float* to = copy.data();
    for (std::ptrdiff_t l = 0; l < k; ++l) to = std::copy_n(b + l * b_stride + first, columns, to);
    dnnl_sgemm(a_transposed ? 'T' : 'N', 'N', m, columns, k, alpha, a, a_stride, copy.data(), columns, beta,
               c + first, c_stride);
  }
}

}  // namespace
}  // namespace talweg::kernels

#define TALWEG_EXPORT extern "C" __attribute__((visibility("default")))

TALWEG_EXPORT const talweg::kernels::LargeProduct<float> talweg_dnnl_product = talweg::kernels::product;
TALWEG_EXPORT const talweg::kernels::LargeProduct<float> talweg_dnnl_product_of_copies =
    talweg::kernels::product_of_copies;
