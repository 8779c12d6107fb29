#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "graph/graph.hpp"
#include "graph/value.hpp"
#include "program/executor.hpp"

namespace talweg {

/// A graph of random ops on random leaves, with memory for the leaves: the forward part, and for some the
/// gradients of a scalar made of it. Every op of the registry that the generator knows may be in it.
struct RandomGraph {
  std::unique_ptr<Graph> graph;
  std::vector<NodeId> leaves;
  std::vector<std::vector<double>> values;  ///< by leaf
  std::vector<NodeId> fetches;
  std::vector<std::pair<NodeId, std::size_t>> assignments;  ///< a node, and the leaf that takes its value
};

[[nodiscard]] RandomGraph make_random_graph(std::uint32_t seed, DType floating);

/// How far apart two ways to compute a node may be, given the values of one of them: the rounding errors of
/// each op, a few units in the last place, carried on through the ops behind it. By node.
[[nodiscard]] std::vector<double> error_bounds(const Graph& graph,
                                               const std::vector<std::vector<double>>& values);

}  // namespace talweg
