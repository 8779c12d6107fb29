#pragma once

#include <memory>

#include "program/steps/elementwise_step.hpp"

namespace talweg {

/// Binds an elementwise group to memory as machine code of its own. Null where there is none for it
/// (VectorCode), and where one kernel computes the whole group.
[[nodiscard]] std::unique_ptr<Instruction> bind_as_code(const ElementwiseStep& step, const Memory& memory,
                                                        DType dtype);

}  // namespace talweg
