#pragma once

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "program/plan.hpp"

namespace talweg {

/// When the steps of a plan first write a buffer, and when they read memory of the caller's: looked up for
/// every assignment, so that a look at all steps would take the square of their number.
class PlanAccesses {
 public:
  struct Read {
    std::size_t step;
    BufferId buffer;
    const std::byte* begin;  ///< of the memory that the buffer lies in
    std::int64_t elements;
  };

  PlanAccesses(const Plan& plan, std::size_t bytes_of_element);

  /// The first step that writes the buffer or a part of it.
  [[nodiscard]] std::optional<std::size_t> first_write(BufferId root) const;
  /// The reads, from that step on, of external memory of which a part lies in [begin, end).
  [[nodiscard]] std::vector<Read> reads_between(const std::byte* begin, const std::byte* end,
                                                std::size_t first_step) const;

 private:
  struct Memory {
    const std::byte* begin;
    const std::byte* end;
    const std::byte* furthest_end;  ///< of this memory and of those that begin before it
    std::vector<Read> reads;        ///< by step
  };

  std::unordered_map<BufferId, std::size_t> first_writes_;
  std::vector<Memory> memories_;  ///< of external buffers, by their beginning
};

}  // namespace talweg
