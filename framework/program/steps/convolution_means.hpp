#pragma once

#include <string_view>

namespace talweg {

/// By which means $TALWEG_CONVOLUTION asks for convolutions to be computed: "product", "dnnl", or
/// "correlation", which is for gradients of weights alone. Anything else asks for what was measured to be
/// fastest.
[[nodiscard]] std::string_view asked_for_convolution();

}  // namespace talweg
