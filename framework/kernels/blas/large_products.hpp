#pragma once

#include <cstdint>

// What the library talweg_blas.so offers: products of large matrices.

namespace talweg::kernels {

/// c (m, n), rows `c_stride` apart, becomes alpha * a (m, k) @ b (k, n) + beta * c; where beta is 0, c is not
/// read. An operand that is transposed lies in memory as (k, m) or (n, k); its rows there are `stride` apart.
/// Computed on the calling thread.
template <class T>
using LargeProduct = void (*)(T* c, std::int32_t c_stride, const T* a, std::int32_t a_stride,
                              bool a_transposed, const T* b, std::int32_t b_stride, bool b_transposed,
                              std::int32_t m, std::int32_t n, std::int32_t k, T alpha, T beta);

/// The library's exported symbols.
inline constexpr char kLargeProductFloat32[] = "talweg_large_product_float32";
inline constexpr char kLargeProductFloat64[] = "talweg_large_product_float64";

}  // namespace talweg::kernels
