#pragma once

#include <cstddef>

#include "program/plan.hpp"

namespace talweg {

/// Moves each large step that writes memory of the caller's, and each product that does, to where all that it
/// needs has just been done: a weight is updated while it and its gradient are still in the caches, and the
/// memory of what it reads is free earlier.
void update_early(Plan& plan, std::size_t bytes_of_element);

}  // namespace talweg
