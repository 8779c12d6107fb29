#pragma once

#include "kernels/blas/large_products.hpp"

namespace talweg {

/// The BLAS's product, loaded when it is first asked for; null where its library is not there.
template <class T>
[[nodiscard]] kernels::LargeProduct<T> large_product();

}  // namespace talweg
