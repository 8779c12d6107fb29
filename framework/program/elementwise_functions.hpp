#pragma once

#include <optional>
#include <string_view>

#include "kernels/kernels.hpp"

namespace talweg {

/// The kernel function of an elementwise op of that name, if there is one.
[[nodiscard]] std::optional<kernels::Elementwise> find_elementwise(std::string_view op);
/// Is it a few instructions of the processor, and no approximation of a function?
[[nodiscard]] bool is_simple(kernels::Elementwise function);
[[nodiscard]] std::string_view name_of(kernels::Elementwise function);

}  // namespace talweg
