#pragma once

#include "graph/op.hpp"

namespace talweg {

/// Elements [begin, end) of what a random node draws at a step. They depend on the node's seed and key, on
/// the step and on their place alone. REQUIRES: `begin` is a multiple of kDrawBlock.
template <class T>
using FillRandom = void (*)(const Attributes& attributes, T step, std::int64_t begin, std::int64_t end,
                            T* out);

/// Elements that one draw gives.
inline constexpr std::int64_t kDrawBlock = 4;

/// That of "uniform" or "normal"; null for any other op.
template <class T>
[[nodiscard]] FillRandom<T> find_fill_random(std::string_view op);

}  // namespace talweg
