#include "program/plan_accesses.hpp"

#include <algorithm>
#include <ranges>

namespace talweg {

PlanAccesses::PlanAccesses(const Plan& plan, std::size_t bytes_of_element) {
  std::unordered_map<BufferId, std::size_t> known;
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    for (const View& view : plan.steps[step]->writes())
      first_writes_.try_emplace(plan.root(view.buffer).first, step);
    for (const View& view : plan.steps[step]->reads()) {
      const BufferId root = plan.root(view.buffer).first;
      const Buffer& buffer = plan.buffers[root];
      if (buffer.kind != Buffer::Kind::external) continue;
      const auto* begin = static_cast<const std::byte*>(buffer.external);
      const auto [place, is_new] = known.try_emplace(root, memories_.size());
      if (is_new)
        memories_.push_back(
            {begin, begin + static_cast<std::size_t>(buffer.elements) * bytes_of_element, nullptr, {}});
      memories_[place->second].reads.push_back({step, view.buffer, begin, buffer.elements});
    }
  }
  std::ranges::sort(memories_, {}, &Memory::begin);
  const std::byte* furthest = nullptr;
  for (Memory& memory : memories_) memory.furthest_end = furthest = std::max(furthest, memory.end);
}

std::optional<std::size_t> PlanAccesses::first_write(BufferId root) const {
  const auto found = first_writes_.find(root);
  if (found == first_writes_.end()) return std::nullopt;
  return found->second;
}

std::vector<PlanAccesses::Read> PlanAccesses::reads_between(const std::byte* begin, const std::byte* end,
                                                            std::size_t first_step) const {
  std::vector<Read> result;
  auto memory = std::ranges::lower_bound(memories_, end, {}, &Memory::begin);
  while (memory != memories_.begin() && std::prev(memory)->furthest_end > begin) {
    --memory;
    if (memory->end <= begin) continue;
    const auto first = std::ranges::lower_bound(memory->reads, first_step, {}, &Read::step);
    result.insert(result.end(), first, memory->reads.end());
  }
  return result;
}

}  // namespace talweg
