// Products of large matrices by the BLAS, through xtensor-blas.

#include "kernels/blas/large_products.hpp"

#include <complex>
#include <xflens/cxxblas/cxxblas.cxx>  // NOLINT(bugprone-suspicious-include): its one header
#include <xtensor-blas/xblas_config.hpp>

extern "C" void openblas_set_num_threads(int number);

namespace talweg::kernels {
namespace {

/// A product's last bits depend on OpenBLAS's threads, and those by themselves on the machine's cores.
const bool kOnCallingThread = [] {
  openblas_set_num_threads(1);
  return true;
}();

template <class T>
void large_product(T* c, std::int32_t c_stride, const T* a, std::int32_t a_stride, bool a_transposed,
                   const T* b, std::int32_t b_stride, bool b_transposed, std::int32_t m, std::int32_t n,
                   std::int32_t k) {
  cxxblas::gemm<int>(cxxblas::RowMajor, a_transposed ? cxxblas::Trans : cxxblas::NoTrans,
                     b_transposed ? cxxblas::Trans : cxxblas::NoTrans, m, n, k, T(1), a, a_stride, b,
                     b_stride, T(0), c, c_stride);
}

}  // namespace
}  // namespace talweg::kernels

#define TALWEG_EXPORT extern "C" __attribute__((visibility("default")))

TALWEG_EXPORT const talweg::kernels::LargeProduct<float> talweg_large_product_float32 =
    talweg::kernels::large_product<float>;
TALWEG_EXPORT const talweg::kernels::LargeProduct<double> talweg_large_product_float64 =
    talweg::kernels::large_product<double>;
