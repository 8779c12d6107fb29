#pragma once

#include "graph/value.hpp"

namespace talweg {

/// The permutation that takes transpose(x, axes) back to x.
[[nodiscard]] Integers inverse_permutation(const Integers& axes);

/// x with a new axis of size 1 at `axis`, counted in the result.
[[nodiscard]] Value expand_dims(Value x, int axis);

/// x[start : start + size] along `axis`.
[[nodiscard]] Value part_of(Value x, int axis, std::int64_t start, std::int64_t size);

}  // namespace talweg
