#pragma once

#include <cstddef>
#include <memory>

namespace talweg {

/// A cache line, and the widest vector, in bytes.
inline constexpr std::size_t kMemoryAlignment = 64;

struct FreeAligned {
  std::size_t mapped = 0;  ///< bytes of pages of its own, or none
  void operator()(std::byte* memory) const;
};
using AlignedMemory = std::unique_ptr<std::byte, FreeAligned>;

/// Zeros, at a multiple of kMemoryAlignment; null where the system has no such memory. What is large lies in
/// large pages where the system gives them to those who ask: products of large matrices go from page to page,
/// and with pages of 4 KiB half of their time may be spent on looking up where these are.
[[nodiscard]] AlignedMemory allocate_zeros(std::size_t bytes);

}  // namespace talweg
