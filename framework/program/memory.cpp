#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "program/plan.hpp"

namespace talweg {
namespace {

constexpr std::size_t kForever = std::numeric_limits<std::size_t>::max();

/// The steps between which a buffer has to keep its values.
struct Lifetime {
  std::size_t first = kForever;
  std::size_t last = 0;
};

/// Free pieces of the arena by their beginning, neighbours joined, and by their size.
class FreeList {
 public:
  std::int64_t take(std::int64_t size) {
    const auto best = by_size_.lower_bound({size, 0});
    if (best == by_size_.end()) return extend(size);
    const auto [length, begin] = *best;
    erase(pieces_.find(begin));
    if (length > size) add(begin + size, length - size);
    return begin;
  }

  void give_back(std::int64_t begin, std::int64_t size) {
    auto next = pieces_.lower_bound(begin);
    if (next != pieces_.end() && begin + size == next->first) {
      size += next->second;
      next = erase(next);
    }
    if (next != pieces_.begin()) {
      const auto before = std::prev(next);
      if (before->first + before->second == begin) {
        begin = before->first;
        size += before->second;
        erase(before);
      }
    }
    add(begin, size);
  }

  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  using Pieces = std::map<std::int64_t, std::int64_t>;

  /// Beyond the end, using a free piece that reaches it.
  std::int64_t extend(std::int64_t size) {
    std::int64_t begin = size_;
    if (!pieces_.empty()) {
      const auto last = std::prev(pieces_.end());
      if (last->first + last->second == size_) {
        begin = last->first;
        erase(last);
      }
    }
    size_ = begin + size;
    return begin;
  }

  void add(std::int64_t begin, std::int64_t size) {
    pieces_.emplace(begin, size);
    by_size_.emplace(size, begin);
  }
  Pieces::iterator erase(Pieces::iterator piece) {
    by_size_.erase({piece->second, piece->first});
    return pieces_.erase(piece);
  }

  Pieces pieces_;
  std::set<std::pair<std::int64_t, std::int64_t>> by_size_;  ///< size and beginning of each
  std::int64_t size_ = 0;
};

std::vector<Lifetime> lifetimes(const Plan& plan) {
  std::vector<Lifetime> result(plan.buffers.size());
  const auto touch = [&](BufferId buffer, std::size_t step) {
    Lifetime& lifetime = result[plan.root(buffer).first];
    lifetime.first = std::min(lifetime.first, step);
    lifetime.last = std::max(lifetime.last, step);
  };
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    for (const View& view : plan.steps[step]->reads()) touch(view.buffer, step);
    for (const View& view : plan.steps[step]->writes()) touch(view.buffer, step);
  }
  for (std::size_t id = 0; id < plan.buffers.size(); ++id)
    if (plan.buffers[id].kept) result[plan.root(static_cast<BufferId>(id)).first].last = kForever;
  return result;
}

}  // namespace

ArenaLayout plan_memory(const Plan& plan, std::int64_t alignment) {
  const std::vector<Lifetime> lives = lifetimes(plan);
  const auto padded = [&](BufferId id) {
    return std::max<std::int64_t>((plan.buffers[id].elements + alignment - 1) / alignment, 1) * alignment;
  };
  ArenaLayout layout;
  layout.offsets.assign(plan.buffers.size(), -1);
  std::vector<bool> handed_on(plan.buffers.size(), false);
  FreeList free;

  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    std::vector<BufferId> ending;
    for (const View& view : plan.steps[step]->reads()) {
      const BufferId id = plan.root(view.buffer).first;
      if (plan.buffers[id].kind == Buffer::Kind::arena && lives[id].last == step &&
          std::ranges::find(ending, id) == ending.end())
        ending.push_back(id);
    }
    for (const View& view : plan.steps[step]->writes()) {
      const BufferId id = plan.root(view.buffer).first;
      if (plan.buffers[id].kind != Buffer::Kind::arena || layout.offsets[id] >= 0) continue;
      for (BufferId other : ending) {
        if (handed_on[other] || view.buffer != id ||
            plan.buffers[other].elements != plan.buffers[id].elements ||
            !plan.steps[step]->may_overwrite(other, id))
          continue;
        layout.offsets[id] = layout.offsets[other];
        handed_on[other] = true;
        break;
      }
      if (layout.offsets[id] < 0) layout.offsets[id] = free.take(padded(id));
      if (lives[id].last == step) ending.push_back(id);
    }
    for (BufferId id : ending)
      if (!handed_on[id]) free.give_back(layout.offsets[id], padded(id));
  }
  layout.elements = free.size();
  return layout;
}

}  // namespace talweg
