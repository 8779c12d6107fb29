#pragma once

#include "kernels/blas/large_products.hpp"

namespace talweg {

/// The BLAS's product, loaded when it is first asked for; null where its library is not there.
template <class T>
[[nodiscard]] kernels::LargeProduct<T> large_product();

/// A product a (m, k) @ b (k, n), and how its operands lie in memory (kernels::LargeProduct).
struct ProductLayout {
  std::int64_t m, n, k;
  std::int64_t a_stride, b_stride;
  bool a_transposed, b_transposed;
};

/// Can the BLAS's product, times a number, be added to what lies there, as exactly as if it were written
/// first, and is that, or the same with panels, at least as fast?
template <class T>
[[nodiscard]] bool is_added_well(std::int64_t m, std::int64_t n, std::int64_t k);

/// oneDNN's product where it is installed and faster than the BLAS's for operands that lie like that: by
/// measurements, never by the clock, so that a program's bits are always the same. Else the BLAS's.
template <class T>
[[nodiscard]] kernels::LargeProduct<T> fastest_product(const ProductLayout& layout);

/// oneDNN generates its code for a product when it first computes one, and allocates for it: this computes
/// one. The BLAS needs nothing.
template <class T>
void generate_code(kernels::LargeProduct<T> product, const ProductLayout& layout);

}  // namespace talweg
