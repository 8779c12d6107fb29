#pragma once

#include <string>

namespace talweg {

/// What the programs of this process run on: the processor's name and the instruction set that was chosen.
/// Times, and the last bits of numbers, can be compared where it is the same.
[[nodiscard]] std::string processor();

/// Without this, results would be taken for those of an instruction set that was never used.
/// THROWS Error (Status::model) where $TALWEG_INSTRUCTION_SET names one that this machine has no kernels for.
void require_instruction_set();

}  // namespace talweg
