#include "support/aligned_memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace talweg {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20U;
/// Less is not worth a large page. Where a sanitizer watches the ends of what is allocated, nothing is.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kLeastForLargePages = std::numeric_limits<std::size_t>::max();
#else
constexpr std::size_t kLeastForLargePages = std::size_t{512} << 10U;
#endif

std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// No object is larger; what is added to it here does not overflow.
constexpr std::size_t kMostBytes = std::numeric_limits<std::ptrdiff_t>::max() - 2 * kLargePage;

/// Mapped afresh: pages that have been written before are not made large ones.
AlignedMemory map_large_pages(std::size_t bytes) {
  const std::size_t size = rounded_up(bytes, kLargePage);
  void* mapped = mmap(nullptr, size + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* first = static_cast<std::byte*>(mapped);
  const std::size_t before = rounded_up(reinterpret_cast<std::uintptr_t>(first), kLargePage) -
                             reinterpret_cast<std::uintptr_t>(first);
  if (before > 0) munmap(first, before);
  munmap(first + before + size, kLargePage - before);
  AlignedMemory memory(first + before, {size});
#ifdef MADV_HUGEPAGE
  madvise(memory.get(), size, MADV_HUGEPAGE);  // a wish, not a need
#endif
  return memory;
}

}  // namespace

void FreeAligned::operator()(std::byte* memory) const {
  if (mapped > 0)
    munmap(memory, mapped);
  else
    std::free(memory);
}

AlignedMemory allocate_zeros(std::size_t bytes) {
  if (bytes > kMostBytes) return nullptr;
  if (bytes >= kLeastForLargePages) return map_large_pages(bytes);
  const std::size_t size = rounded_up(std::max<std::size_t>(bytes, 1), kMemoryAlignment);
  AlignedMemory memory(static_cast<std::byte*>(std::aligned_alloc(kMemoryAlignment, size)));
  if (memory != nullptr) std::memset(memory.get(), 0, size);
  return memory;
}

}  // namespace talweg
