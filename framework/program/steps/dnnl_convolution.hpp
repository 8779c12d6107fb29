#pragma once

#include "ops/convolution.hpp"
#include "program/instruction.hpp"
#include "program/steps/convolution_step.hpp"

namespace talweg {

/// What a convolution reads and writes.
struct ConvolutionViews {
  View first, second, to;
};

/// A convolution in float32 by oneDNN; the threads of `pool`, which may be null, divide the images. Null
/// where oneDNN is not installed, or slower, or where something else is asked for (convolution_means.hpp).
[[nodiscard]] std::unique_ptr<Instruction> make_dnnl_convolution(const Memory& memory, ConvolutionKind kind,
                                                                 const Convolution& sizes,
                                                                 const ConvolutionViews& views,
                                                                 double operations, ThreadPool* pool);

}  // namespace talweg
