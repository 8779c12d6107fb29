#pragma once

#include <memory>

#include "graph/graph.hpp"
#include "program/executor.hpp"

namespace talweg {

/// The part of a graph that a task needs, simplified, and the task in its terms: assignments, fetches
/// and looks in the same order.
struct Simplified {
  std::unique_ptr<Graph> graph;
  Task task;
};

/// Computes what is constant, shares what is computed twice, and drops what changes nothing. Values stay the
/// same to the bit, NaN, infinities and signed zeros included, but for powers with a small whole exponent and
/// sums of what repeats itself, which become products.
[[nodiscard]] Simplified simplify(const Graph& graph, const Task& task);

}  // namespace talweg
