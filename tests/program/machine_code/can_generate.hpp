#pragma once

#include <array>
#include <cstdint>

#include "kernels/kernels.hpp"
#include "program/machine_code/code_memory.hpp"

namespace talweg {

/// On a processor with AVX2 and a system that lets programs write code for themselves.
inline bool can_generate() {
  constexpr std::array<std::uint8_t, 1> kReturn = {0xC3};
  return kernels::instruction_set() != "x86-64-v2" && kernels::instruction_set() != "baseline" &&
         executable_copy(kReturn) != nullptr;
}

}  // namespace talweg
