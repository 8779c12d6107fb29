#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "program/plan.hpp"

namespace talweg {

/// Where memory is, in bytes: the caller's is one space, each buffer of the program's a space of its own.
using MemoryPosition = std::pair<std::size_t, std::uintptr_t>;

/// Of an element of the buffer.
[[nodiscard]] inline MemoryPosition memory_position(const Plan& plan, BufferId buffer, std::int64_t element,
                                                    std::size_t bytes_of_element) {
  const auto [root, offset] = plan.root(buffer);
  const bool external = plan.buffers[root].kind == Buffer::Kind::external;
  const auto begin = external ? reinterpret_cast<std::uintptr_t>(plan.buffers[root].external) : 0;
  return {external ? 0 : root + std::size_t{1},
          begin + static_cast<std::uintptr_t>(offset + element) * bytes_of_element};
}

}  // namespace talweg
