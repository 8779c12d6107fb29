#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "program/scheduling/memory_position.hpp"

namespace talweg {

/// The memory that the steps of a plan read and write, cut where a view begins or ends: two views have memory
/// in common where they have a segment in common. A view with gaps takes all of its buffer.
class MemorySegments {
 public:
  MemorySegments(const Plan& plan, std::size_t bytes_of_element);

  struct Range {
    std::size_t begin, end;
  };
  [[nodiscard]] Range of(const View& view) const;
  [[nodiscard]] std::size_t count() const { return cuts_.size(); }

 private:
  [[nodiscard]] std::pair<MemoryPosition, MemoryPosition> bounds(const View& view) const;

  const Plan& plan_;
  std::size_t bytes_of_element_;
  std::vector<MemoryPosition> cuts_;  ///< a segment begins at each
};

}  // namespace talweg
