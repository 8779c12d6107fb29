#pragma once

#include <cstddef>

namespace talweg {

/// Throws Error{model} where an executor needs more memory than `limit` bytes; 0 means what the machine has.
void check_memory(std::size_t bytes, std::size_t limit);

}  // namespace talweg
