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

cxxblas::Transpose transpose_if(bool transposed) { return transposed ? cxxblas::Trans : cxxblas::NoTrans; }

/// One column, or one row as the column of the transposed product: gemm takes five times as long for it.
template <class T>
void large_product(T* c, std::int32_t c_stride, const T* a, std::int32_t a_stride, bool a_transposed,
                   const T* b, std::int32_t b_stride, bool b_transposed, std::int32_t m, std::int32_t n,
                   std::int32_t k, T alpha, T beta) {
  if (n == 1)
    cxxblas::gemv<int>(cxxblas::RowMajor, transpose_if(a_transposed), a_transposed ? k : m,
                       a_transposed ? m : k, alpha, a, a_stride, b, b_transposed ? 1 : b_stride, beta, c,
                       c_stride);
  else if (m == 1)
    cxxblas::gemv<int>(cxxblas::RowMajor, transpose_if(!b_transposed), b_transposed ? n : k,
                       b_transposed ? k : n, alpha, b, b_stride, a, a_transposed ? a_stride : 1, beta, c, 1);
  else
    cxxblas::gemm<int>(cxxblas::RowMajor, transpose_if(a_transposed), transpose_if(b_transposed), m, n, k,
                       alpha, a, a_stride, b, b_stride, beta, c, c_stride);
}

}  // namespace
}  // namespace talweg::kernels

#define TALWEG_EXPORT extern "C" __attribute__((visibility("default")))

TALWEG_EXPORT const talweg::kernels::LargeProduct<float> talweg_large_product_float32 =
    talweg::kernels::large_product<float>;
TALWEG_EXPORT const talweg::kernels::LargeProduct<double> talweg_large_product_float64 =
    talweg::kernels::large_product<double>;
