#include "program/scheduling/memory_segments.hpp"

#include <algorithm>

namespace talweg {

MemorySegments::MemorySegments(const Plan& plan, std::size_t bytes_of_element)
    : plan_(plan), bytes_of_element_(bytes_of_element) {
  for (const auto& step : plan.steps)
    for (const std::vector<View>& views : {step->reads(), step->writes()})
      for (const View& view : views) {
        const auto [begin, end] = bounds(view);
        cuts_.insert(cuts_.end(), {begin, end});
      }
  std::ranges::sort(cuts_);
  cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
}

MemorySegments::Range MemorySegments::of(const View& view) const {
  const auto [begin, end] = bounds(view);
  const auto number = [&](const MemoryPosition& position) {
    return static_cast<std::size_t>(std::ranges::lower_bound(cuts_, position) - cuts_.begin());
  };
  return {number(begin), number(end)};
}

std::pair<MemoryPosition, MemoryPosition> MemorySegments::bounds(const View& view) const {
  const bool whole = !is_contiguous(view);
  const std::int64_t begin = whole ? 0 : view.offset;
  const std::int64_t elements = whole ? plan_.buffers[view.buffer].elements : view.shape.elements();
  const auto position = [&](std::int64_t element) {
    return memory_position(plan_, view.buffer, element, bytes_of_element_);
  };
  return {position(begin), position(begin + elements)};
}

}  // namespace talweg
