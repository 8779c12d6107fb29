// What compiling takes: in proportion to the graph.

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <vector>

#include "graph/gradients.hpp"
#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/scheduling/divide_updates.hpp"

namespace talweg {
namespace {

/// A graph, what of it is run, and memory that outlives it.
struct Compilation {
  Graph graph;
  Task task;
  std::vector<double> memory;
};

/// Elementwise chains over two shapes, sums and products.
void forward_pass(std::size_t nodes, Compilation& made) {
  made.memory.resize(64);
  const Value x = made.graph.add_leaf("state", "x", {8, 8}, DType::float64);
  Value y = x;
  while (made.graph.size() < nodes) {
    y = apply("tanh", y * 0.5) - x;
    if (made.graph.size() % 5 == 0) y = matmul(y, x);
    if (made.graph.size() % 7 == 0) y = y * sum(y, {1}, true);
  }
  made.task = {{{x.id(), made.memory.data()}}, {}, {y.id()}};
}

/// A step of training of many layers, each with its weight, gradient and assignment.
void training_step(std::size_t nodes, Compilation& made) {
  constexpr std::size_t kNodesOfLayer = 12, kElements = 16;
  std::vector<Value> weights;
  Value h = made.graph.add_leaf("data", "x", {4, 4}, DType::float64);
  for (std::size_t layer = 0; layer < nodes / kNodesOfLayer; ++layer) {
    weights.push_back(made.graph.add_leaf("parameter", "w", {4, 4}, DType::float64));
    h = apply("tanh", matmul(h, weights.back()));
  }
  const std::vector<Value> by_weights = gradients(sum_all(h), weights);
  made.memory.resize(kElements * (weights.size() + 1));
  made.task.bindings.push_back({0, made.memory.data()});
  for (std::size_t i = 0; i < weights.size(); ++i) {
    double* const place = made.memory.data() + (i + 1) * kElements;
    made.task.bindings.push_back({weights[i].id(), place});
    made.task.assignments.push_back({(weights[i] - by_weights[i] * 0.1).id(), place});
  }
}

/// The same with weights that lie end to end, a large one behind the small ones, and one update of them all.
void update_end_to_end(std::size_t nodes, Compilation& made) {
  constexpr std::size_t kNodesOfLayer = 12, kElements = 16;
  const std::size_t layers = nodes / kNodesOfLayer;
  made.memory.resize(kElements + layers * kElements + kLargePart);
  std::vector<Value> weights;
  double* place = made.memory.data();
  const auto leaf = [&](const Shape& shape) {
    const Value value = made.graph.add_leaf("parameter", "", shape, DType::float64);
    made.task.bindings.push_back({value.id(), place});
    place += shape.elements();
    return value;
  };
  Value h = leaf({4, 4});
  double* const first = place;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    weights.push_back(leaf({4, 4}));
    h = apply("tanh", matmul(h, weights.back()));
  }
  weights.push_back(leaf({kLargePart}));
  const Value loss = sum_all(h) + sum_all(apply("square", weights.back()));
  std::vector<Value> parts;
  for (const Value& part : gradients(loss, weights))
    parts.push_back(reshape(part, {part.shape().elements()}));
  const Value gradient = concatenate(parts, 0);
  const Value all = made.graph.add_leaf("parameter", "", gradient.shape(), DType::float64);
  made.task.bindings.push_back({all.id(), first});
  made.task.assignments.push_back({(all - gradient * 0.1).id(), first});
}

double seconds_to_compile(const Compilation& made) {
  const std::clock_t begin = std::clock();
  static_cast<void>(compile_program(made.graph, made.task));
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

struct Times {
  double few = 1e9, many = 1e9;  ///< processor seconds, the least
  double ratio = 0;              ///< many by few, the median of turns: what slows the machine slows both
};

/// Sanitizers make programs many times slower, so that seconds say nothing; proportions do.
constexpr std::size_t kTurns = TALWEG_SANITIZED ? 3 : 11;
constexpr double kMostSeconds = TALWEG_SANITIZED ? std::numeric_limits<double>::infinity() : 0.3;

Times compare(const Compilation& few, const Compilation& many) {
  Times times;
  std::vector<double> ratios;
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    const double of_few = seconds_to_compile(few), of_many = seconds_to_compile(many);
    times.few = std::min(times.few, of_few);
    times.many = std::min(times.many, of_many);
    ratios.push_back(of_many / of_few);
  }
  std::ranges::nth_element(ratios, ratios.begin() + kTurns / 2);
  times.ratio = ratios[kTurns / 2];
  return times;
}

TEST(CompileTime, OfTenThousandNodesIsShortAndInProportion) {
  register_ops();
  struct Case {
    const char* name;
    void (*make)(std::size_t nodes, Compilation& made);
  };
  for (const auto& [name, make] : {Case{"forward pass", forward_pass},
                                   {"training step", training_step},
                                   {"update end to end", update_end_to_end}}) {
    Compilation few, many;
    make(2'500, few);
    make(10'000, many);
    const Times times = compare(few, many);
    EXPECT_LT(times.many, kMostSeconds) << name;
    EXPECT_LT(times.ratio, 8) << name << ": " << times.few << " s and " << times.many
                              << " s: four times as long would be in proportion";
  }
}

}  // namespace
}  // namespace talweg
