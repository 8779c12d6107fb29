#include "program/scheduling/update_early.hpp"

#include <algorithm>

#include "program/scheduling/divide_updates.hpp"
#include "program/scheduling/memory_segments.hpp"
#include "program/steps/product_step.hpp"

namespace talweg {
namespace {

/// Does it write as much of the caller's memory as is worth a move? A product that does
/// (update_in_products.hpp) needs more than it writes.
bool is_moved(const Plan& plan, const Step& step) {
  const bool product = dynamic_cast<const ProductStep*>(&step) != nullptr;
  return std::ranges::any_of(step.writes(), [&](const View& view) {
    return plan.is_callers(view.buffer) && (product || view.shape.elements() >= kLargePart);
  });
}

/// Where each step goes: 2 k is the place of the k-th, 2 k + 1 is behind it.
std::vector<std::size_t> places_of_steps(const Plan& plan, std::size_t bytes_of_element) {
  const MemorySegments segments(plan, bytes_of_element);
  // By segment: behind which place it can be read, and written.
  std::vector<std::size_t> written(segments.count(), 0), used(segments.count(), 0);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = *plan.steps[i];
    std::size_t place = is_moved(plan, step) ? 0 : 2 * i;
    const auto for_segments = [&](const std::vector<View>& views, const auto& work) {
      for (const View& view : views) {
        const MemorySegments::Range range = segments.of(view);
        for (std::size_t segment = range.begin; segment < range.end; ++segment) work(segment);
      }
    };
    const std::vector<View> reads = step.reads(), writes = step.writes();
    for_segments(reads, [&](std::size_t segment) { place = std::max(place, written[segment]); });
    for_segments(writes, [&](std::size_t segment) { place = std::max(place, used[segment]); });
    places.push_back(place);
    const std::size_t behind = place | 1U;
    for_segments(reads, [&](std::size_t segment) { used[segment] = std::max(used[segment], behind); });
    for_segments(writes, [&](std::size_t segment) { written[segment] = used[segment] = behind; });
  }
  return places;
}

}  // namespace

void update_early(Plan& plan, std::size_t bytes_of_element) {
  if (std::ranges::none_of(plan.steps, [&](const auto& step) { return is_moved(plan, *step); })) return;
  plan.sort_steps(places_of_steps(plan, bytes_of_element));
}

}  // namespace talweg
