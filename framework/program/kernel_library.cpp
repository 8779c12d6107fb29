#include "program/kernel_library.hpp"

#include <dlfcn.h>

#include "support/installation.hpp"

namespace talweg {

void* find_in_library(const std::string& library, const char* symbol) {
  void* handle = dlopen((library_directory() / library).c_str(), RTLD_NOW | RTLD_LOCAL);
  return handle == nullptr ? nullptr : dlsym(handle, symbol);
}

}  // namespace talweg
