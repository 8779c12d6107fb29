#pragma once

#include <cstddef>

#include "program/plan.hpp"

namespace talweg {

/// Parts of a concatenation with at least this many elements are worth a step of their own.
inline constexpr std::int64_t kLargePart = 1 << 18;

/// Divides each elementwise pass over a concatenation, such as the gradients of all parameters end to end:
/// one step for each large part and for each that its product can take over (update_in_products.hpp), and one
/// for the parts between two of them. A step then needs its own part alone (update_early.hpp). What nobody
/// else reads as a whole is concatenated no more.
void divide_updates(Plan& plan, DType dtype, std::size_t bytes_of_element);

}  // namespace talweg
