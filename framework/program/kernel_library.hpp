#pragma once

#include <string>

namespace talweg {

/// A symbol of a library that is installed with talweg, "talweg_blas.so", or null where library or symbol are
/// missing. The library stays loaded for as long as the process lives.
[[nodiscard]] void* find_in_library(const std::string& library, const char* symbol);

}  // namespace talweg
