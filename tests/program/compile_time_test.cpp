// What compiling takes: in proportion to the graph.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"

namespace talweg {
namespace {

/// Processor seconds, the least of three, for a graph of that many nodes: elementwise chains over two shapes,
/// sums and products.
double seconds_to_compile(std::size_t nodes) {
  std::array<double, 64> memory{};
  Graph graph;
  const Value x = graph.add_leaf("state", "x", {8, 8}, DType::float64);
  Value y = x;
  while (graph.size() < nodes) {
    y = apply("tanh", y * 0.5) - x;
    if (graph.size() % 5 == 0) y = matmul(y, x);
    if (graph.size() % 7 == 0) y = y * sum(y, {1}, true);
  }
  const Task task{{{x.id(), memory.data()}}, {}, {y.id()}};
  double least = 1e9;
  for (int run = 0; run < 3; ++run) {
    const std::clock_t begin = std::clock();
    static_cast<void>(compile_program(graph, task));
    least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  }
  return least;
}

TEST(CompileTime, OfTenThousandNodesIsShortAndInProportion) {
  if (TALWEG_SANITIZED) GTEST_SKIP() << "sanitizers take their time";
  register_ops();
  const double few = seconds_to_compile(2'500), many = seconds_to_compile(10'000);
  EXPECT_LT(many, 0.3);
  EXPECT_LT(many / few, 8) << few << " s and " << many << " s: four times as long would be in proportion";
}

}  // namespace
}  // namespace talweg
