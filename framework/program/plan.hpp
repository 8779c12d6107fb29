#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// A piece of memory that steps write and read.
struct Buffer {
  enum class Kind : std::uint8_t {
    arena,     ///< planned: it may share its place with buffers of other times
    constant,  ///< filled when the program is built
    lasting,   ///< keeps its values from run to run: steps of `before` write it first
    external   ///< belongs to the caller
  };
  Kind kind = Kind::arena;
  std::int64_t elements = 0;
  void* external = nullptr;
  bool stays = false;          ///< from `before` to `after`, of an external one: Binding::stays
  std::vector<double> values;  ///< of a constant
  /// A buffer of the arena may be a part of another: one piece of a concatenation.
  std::optional<BufferId> whole;
  std::int64_t offset = 0;  ///< within `whole`
  bool kept = false;        ///< it is read after the run: nothing may take its place
};

/// A program before it has memory: steps in order, and the buffers that they work on.
struct Plan {
  std::vector<Buffer> buffers;
  std::vector<std::unique_ptr<Step>> steps;
  std::vector<std::vector<NodeId>> nodes;  ///< by step: what it computes
  /// Between them the caller's values lie in lasting buffers: they run before and after some runs of `steps`
  /// (Executor::take_over), and read and write nothing but the caller's memory and those buffers.
  std::vector<std::unique_ptr<Step>> before, after;

  BufferId add_buffer(Buffer buffer) {
    buffers.push_back(std::move(buffer));
    return static_cast<BufferId>(buffers.size() - 1);
  }
  /// Of those that have become null, others do the work.
  void drop_null_steps() {
    nodes.resize(steps.size());
    std::size_t kept = 0;
    for (std::size_t step = 0; step < steps.size(); ++step) {
      if (steps[step] == nullptr) continue;
      if (kept != step) {
        steps[kept] = std::move(steps[step]);
        nodes[kept] = std::move(nodes[step]);
      }
      ++kept;
    }
    steps.resize(kept);
    nodes.resize(kept);
  }
  /// Puts the steps in the order of their places; those of one place stay in theirs.
  void sort_steps(const std::vector<std::size_t>& places) {
    std::vector<std::size_t> order(places.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t step) { return places[step]; });
    std::vector<std::unique_ptr<Step>> steps_in_order;
    std::vector<std::vector<NodeId>> nodes_in_order;
    for (std::size_t step : order) {
      steps_in_order.push_back(std::move(steps[step]));
      nodes_in_order.push_back(std::move(nodes[step]));
    }
    steps = std::move(steps_in_order);
    nodes = std::move(nodes_in_order);
  }
  /// The buffer that holds this one, however deep, and where in it.
  [[nodiscard]] std::pair<BufferId, std::int64_t> root(BufferId id) const {
    std::int64_t offset = 0;
    for (; buffers[id].whole; id = *buffers[id].whole) offset += buffers[id].offset;
    return {id, offset};
  }
  /// Is it memory of the caller's?
  [[nodiscard]] bool is_callers(BufferId id) const {
    return buffers[root(id).first].kind == Buffer::Kind::external;
  }
};

/// Where the buffers of the arena begin, in elements, and how long it is.
struct ArenaLayout {
  std::vector<std::int64_t> offsets;  ///< by buffer; of roots in the arena
  std::int64_t elements = 0;
};

/// Gives memory to the buffers of the arena by their lifetimes: best fit in the order of the steps, or the
/// largest first where that takes less. A step's result takes the place of an operand where the step allows
/// it. Places are multiples of `alignment` elements.
[[nodiscard]] ArenaLayout plan_memory(const Plan& plan, std::int64_t alignment);

}  // namespace talweg
