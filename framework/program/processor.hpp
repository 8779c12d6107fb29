#pragma once

#include <string>

namespace talweg {

/// What the programs of this process run on: the processor's name and the instruction set that was chosen.
/// Times, and the last bits of numbers, can be compared where it is the same.
[[nodiscard]] std::string processor();

}  // namespace talweg
