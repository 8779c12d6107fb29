#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace talweg {

/// Copies machine code, of at most 1 MiB, to where the processor may execute it; it stays there as long as
/// the pointer. Null where the system gives no such memory. Threads may call this at the same time.
[[nodiscard]] std::shared_ptr<const void> executable_copy(std::span<const std::uint8_t> code);

}  // namespace talweg
