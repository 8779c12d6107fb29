#pragma once

#include <cstddef>

namespace talweg {

/// Bytes of memory that this process may fill: the machine's, or what its control group (a container, a batch
/// job) is given where that is less. 0 where nobody tells.
[[nodiscard]] std::size_t machine_memory();

}  // namespace talweg
