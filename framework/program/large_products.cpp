#include "program/large_products.hpp"

#include <dlfcn.h>

#include "support/installation.hpp"

namespace talweg {
namespace {

/// The library stays loaded for as long as the process lives.
void* library() {
  static void* const handle = dlopen((library_directory() / "talweg_blas.so").c_str(),
                                     RTLD_NOW | RTLD_LOCAL);  // NULL where it is not
  return handle;
}

template <class T>
kernels::LargeProduct<T> find(const char* symbol) {
  if (library() == nullptr) return nullptr;
  const auto* kernel = static_cast<const kernels::LargeProduct<T>*>(dlsym(library(), symbol));
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
