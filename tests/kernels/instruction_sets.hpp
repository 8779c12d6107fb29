#pragma once

#include "kernels/kernels.hpp"

namespace talweg {

/// Are the kernels those of at least this instruction set?
inline bool has_avx512() { return kernels::instruction_set() == "x86-64-v4"; }
inline bool has_avx2() { return has_avx512() || kernels::instruction_set() == "x86-64-v3"; }

}  // namespace talweg
