#pragma once

#include "kernels/blas/large_products.hpp"

// What the library talweg_dnnl.so offers besides convolutions: products of float32 matrices.

namespace talweg::kernels {

/// The library's exported symbol, a LargeProduct<float>. The first product of a kind makes oneDNN generate
/// its code, for which it allocates.
inline constexpr char kDnnlProduct[] = "talweg_dnnl_product";

}  // namespace talweg::kernels
