#pragma once

#include "kernels/blas/large_products.hpp"

// What the library talweg_dnnl.so offers besides convolutions: products of float32 matrices.

namespace talweg::kernels {

/// The library's exported symbol, a LargeProduct<float>. The first product of a kind makes oneDNN generate
/// its code, for which it allocates.
inline constexpr char kDnnlProduct[] = "talweg_dnnl_product";
/// The same, where columns of b are copied first, some at a time, so that their rows lie one behind the
/// other. REQUIRES: b is not transposed; k is at most kMostCopiedTerms.
inline constexpr char kDnnlProductOfCopies[] = "talweg_dnnl_product_of_copies";
inline constexpr std::int32_t kMostCopiedTerms = 256;

}  // namespace talweg::kernels
