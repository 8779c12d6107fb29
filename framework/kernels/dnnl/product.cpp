// Products of large matrices by oneDNN.

#include "kernels/dnnl/product.hpp"

#include <dnnl.h>

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

}  // namespace
}  // namespace talweg::kernels

#define TALWEG_EXPORT extern "C" __attribute__((visibility("default")))

TALWEG_EXPORT const talweg::kernels::LargeProduct<float> talweg_dnnl_product = talweg::kernels::product;
