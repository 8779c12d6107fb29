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
  const auto number = [&](const Position& position) {
    return static_cast<std::size_t>(std::ranges::lower_bound(cuts_, position) - cuts_.begin());
  };
  return {number(begin), number(end)};
}

std::pair<MemorySegments::Position, MemorySegments::Position> MemorySegments::bounds(const View& view) const {
  const auto [root, offset] = plan_.root(view.buffer);
  const bool whole = !is_contiguous(view);
  const std::int64_t begin = offset + (whole ? 0 : view.offset);
  const std::int64_t elements = whole ? plan_.buffers[view.buffer].elements : view.shape.elements();
  const bool external = plan_.buffers[root].kind == Buffer::Kind::external;
  const std::size_t space = external ? 0 : root + std::size_t{1};
  const auto from = external ? reinterpret_cast<std::uintptr_t>(plan_.buffers[root].external) : 0;
  const auto address = [&](std::int64_t element) {
    return from + static_cast<std::uintptr_t>(element) * bytes_of_element_;
  };
  return {{space, address(begin)}, {space, address(begin + elements)}};
}

}  // namespace talweg
