#pragma once

#include "ops/convolution.hpp"
#include "program/instruction.hpp"
#include "program/steps/dnnl_convolution.hpp"

namespace talweg {

/// Is the gradient of these weights found soonest by laying the planes of y over those of x at each shift?
[[nodiscard]] bool is_correlation_preferred(const Convolution& sizes);

/// Elements of scratch that each thread needs for it.
[[nodiscard]] std::int64_t correlation_scratch(const Convolution& sizes);

/// The gradient of weights so. Threads divide the images; sums of more than some thousand terms are kept in
/// double, and the threads' added in their order. REQUIRES: is_correlation_preferred.
[[nodiscard]] std::unique_ptr<Instruction> make_correlation(const Memory& memory, DType dtype,
                                                            const Convolution& sizes,
                                                            const ConvolutionViews& views, ThreadPool* pool);

}  // namespace talweg
