#include "program/large_products.hpp"

#include "program/kernel_library.hpp"

namespace talweg {
namespace {

template <class T>
kernels::LargeProduct<T> find(const char* symbol) {
  const auto* kernel =
      static_cast<const kernels::LargeProduct<T>*>(find_in_library("talweg_blas.so", symbol));
  return kernel == nullptr ? nullptr : *kernel;
}

}  // namespace

template <>
kernels::LargeProduct<float> large_product() {
  static const kernels::LargeProduct<float> kernel = find<float>(kernels::kLargeProductFloat32);
  return kernel;
}

template <>
kernels::LargeProduct<double> large_product() {
  static const kernels::LargeProduct<double> kernel = find<double>(kernels::kLargeProductFloat64);
  return kernel;
}

}  // namespace talweg
