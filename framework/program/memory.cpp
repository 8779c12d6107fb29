#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <random>
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

/// Buffers that have one place after the other, each the result of a step whose operand the one before is.
struct Chain {
  Lifetime life;
  std::int64_t size = 0;
  std::vector<BufferId> buffers;
};

/// In the order of their first steps.
std::vector<Chain> chains(const Plan& plan, std::int64_t alignment) {
  constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  const std::vector<Lifetime> lives = lifetimes(plan);
  const auto padded = [&](BufferId id) {
    return std::max<std::int64_t>((plan.buffers[id].elements + alignment - 1) / alignment, 1) * alignment;
  };
  std::vector<Chain> result;
  std::vector<std::size_t> chain_of(plan.buffers.size(), kNone);
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
      if (plan.buffers[id].kind != Buffer::Kind::arena || chain_of[id] != kNone) continue;
      const auto operand = std::ranges::find_if(ending, [&](BufferId other) {
        return view.buffer == id && plan.buffers[other].elements == plan.buffers[id].elements &&
               plan.steps[step]->may_overwrite(other, id);
      });
      if (operand == ending.end()) {
        chain_of[id] = result.size();
        result.push_back({{step, step}, padded(id), {}});
      } else {
        chain_of[id] = chain_of[*operand];
        ending.erase(operand);
      }
      Chain& chain = result[chain_of[id]];
      chain.life.last = lives[id].last;
      chain.buffers.push_back(id);
    }
  }
  return result;
}

/// By chain, where it begins.
struct Placement {
  std::vector<std::int64_t> begins;
  std::int64_t size = 0;
};

/// Best fit, in the order of the steps.
Placement place_in_order(const std::vector<Chain>& all) {
  Placement placement;
  FreeList free;
  std::multimap<std::size_t, std::size_t> ends;  // chains by their last steps
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto still = ends.lower_bound(all[i].life.first);
    for (auto ended = ends.begin(); ended != still; ++ended)
      free.give_back(placement.begins[ended->second], all[ended->second].size);
    ends.erase(ends.begin(), still);
    placement.begins.push_back(free.take(all[i].size));
    ends.emplace(all[i].life.last, i);
  }
  placement.size = free.size();
  return placement;
}

/// In that order, each in the smallest gap that those leave whose times it shares.
Placement place(const std::vector<Chain>& all, const std::vector<std::size_t>& order) {
  Placement placement{std::vector<std::int64_t>(all.size()), 0};
  std::vector<std::size_t> placed;  // by their beginning
  for (std::size_t i : order) {
    std::int64_t end = 0, begin = -1, smallest = std::numeric_limits<std::int64_t>::max();
    for (std::size_t other : placed) {
      if (all[other].life.first > all[i].life.last || all[other].life.last < all[i].life.first) continue;
      const std::int64_t gap = placement.begins[other] - end;
      if (gap >= all[i].size && gap < smallest) {
        begin = end;
        smallest = gap;
      }
      end = std::max(end, placement.begins[other] + all[other].size);
    }
    placement.begins[i] = begin < 0 ? end : begin;
    placement.size = std::max(placement.size, placement.begins[i] + all[i].size);
    const auto behind = std::ranges::upper_bound(placed, placement.begins[i], {},
                                                 [&](std::size_t other) { return placement.begins[other]; });
    placed.insert(behind, i);
  }
  return placement;
}

/// Elements that live at the worst moment: no placement takes less.
std::int64_t most_live(const std::vector<Chain>& all) {
  std::map<std::size_t, std::int64_t> changes;  // by step
  for (const Chain& chain : all) {
    changes[chain.life.first] += chain.size;
    if (chain.life.last != kForever) changes[chain.life.last + 1] -= chain.size;
  }
  std::int64_t live = 0, most = 0;
  for (const auto& [step, change] : changes) most = std::max(most, live += change);
  return most;
}

/// The largest first; then, where that is more than need be, in orders in which two of the large ones have
/// changed places, kept while they are no worse.
Placement place_by_size(const std::vector<Chain>& all) {
  constexpr std::int64_t kWorthwhile = 1 << 14, kLargeShare = 100;
  constexpr std::size_t kMostOperations = 2'000'000;  // some milliseconds
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return all[i].size; });
  Placement best = place(all, order);
  const std::int64_t least = most_live(all);
  const auto large = static_cast<std::size_t>(std::ranges::count_if(
      all, [&](const Chain& chain) { return chain.size >= std::max(kWorthwhile, least / kLargeShare); }));
  if (large < 2) return best;
  std::minstd_rand random;
  for (std::size_t operations = 0; best.size > least && operations < kMostOperations;
       operations += all.size() * all.size()) {
    std::size_t &one = order[random() % large], &other = order[random() % large];
    std::swap(one, other);
    if (Placement found = place(all, order); found.size <= best.size)
      best = std::move(found);
    else
      std::swap(one, other);
  }
  return best;
}

}  // namespace

ArenaLayout plan_memory(const Plan& plan, std::int64_t alignment) {
  // Placing by size takes the square of their number.
  constexpr std::size_t kMostBySize = 1000;
  const std::vector<Chain> all = chains(plan, alignment);
  Placement placement = place_in_order(all);
  if (all.size() <= kMostBySize)
    if (Placement other = place_by_size(all); other.size < placement.size) placement = std::move(other);
  ArenaLayout layout;
  layout.offsets.assign(plan.buffers.size(), -1);
  for (std::size_t i = 0; i < all.size(); ++i)
    for (BufferId id : all[i].buffers) layout.offsets[id] = placement.begins[i];
  layout.elements = placement.size;
  return layout;
}

}  // namespace talweg
