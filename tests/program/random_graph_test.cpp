// Random graphs: the program computes what the reference executor computes, in both types, with all that
// simplification, fusion, memory planning and writing in place do to it.

#include "program/random_graph.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "graph/op.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

constexpr std::uint32_t kGraphs = 2000;
constexpr int kRuns = 3;
/// A bound above this part of the values says nothing; few may be so wide.
constexpr double kTellingBound = 1e-2;

/// The leaves' memory, and an executor on it.
template <class T>
class Bench {
 public:
  using Make = std::unique_ptr<Executor> (*)(const Graph&, const Task&);

  Bench(const RandomGraph& random, const std::vector<NodeId>& fetches, Make make) {
    Task task;
    for (std::size_t i = 0; i < random.leaves.size(); ++i)
      memory_.emplace_back(random.values[i].begin(), random.values[i].end());
    for (std::size_t i = 0; i < random.leaves.size(); ++i)
      task.bindings.push_back({random.leaves[i], memory_[i].data()});
    for (const auto& [value, leaf] : random.assignments)
      task.assignments.push_back({value, memory_[leaf].data()});
    task.fetches = fetches;
    executor_ = make(*random.graph, task);
  }

  void run() { executor_->run(); }
  [[nodiscard]] std::vector<double> value(const Graph& graph, NodeId id) const {
    const T* data = static_cast<const T*>(executor_->value(id));
    return {data, data + graph[id].shape.elements()};
  }
  [[nodiscard]] std::vector<std::vector<T>>& memory() { return memory_; }
  [[nodiscard]] std::string listing() const { return executor_->listing(); }

 private:
  std::vector<std::vector<T>> memory_;
  std::unique_ptr<Executor> executor_;
};

std::unique_ptr<Executor> make_program(const Graph& graph, const Task& task) {
  return compile_program(graph, task);
}

bool near(double a, double b, double bound) {
  return (std::isnan(a) && std::isnan(b)) || a == b || std::abs(a - b) <= bound;
}

std::string show(const Graph& graph) {
  std::ostringstream text;
  for (NodeId id = 0; id < graph.size(); ++id) {
    text << id << " " << graph[id].op->name << " " << to_string(graph[id].shape) << " (";
    for (NodeId input : graph[id].inputs) text << " " << input;
    text << " ) " << to_string(graph[id].attributes) << "\n";
  }
  return text.str();
}

struct Tally {
  std::size_t checked = 0;
  std::size_t vague = 0;
};

template <class T>
void compare(std::uint32_t seed, Tally& tally) {
  const DType floating = sizeof(T) == 4 ? DType::float32 : DType::float64;
  const RandomGraph random = make_random_graph(seed, floating);
  const Graph& graph = *random.graph;
  std::vector<NodeId> all(graph.size());
  for (NodeId id = 0; id < graph.size(); ++id) all[id] = id;
  Bench<T> reference(random, all, make_reference_executor);
  Bench<T> program(random, random.fetches, make_program);
  for (int run = 0; run < kRuns; ++run) {
    program.memory() = reference.memory();
    reference.run();
    program.run();
    std::vector<std::vector<double>> values;
    values.reserve(all.size());
    for (NodeId id : all) values.push_back(reference.value(graph, id));
    const std::vector<double> bounds = error_bounds(graph, values);
    const auto check = [&](NodeId id, double expected, double found, const char* what) {
      ++tally.checked;
      tally.vague += bounds[id] > kTellingBound * (1 + std::abs(expected)) ? 1 : 0;
      return near(expected, found, bounds[id])
                 ? testing::AssertionSuccess()
                 : testing::AssertionFailure() << "seed " << seed << ", run " << run << ", " << what
                                               << " node " << id << ": reference " << expected << ", program "
                                               << found << ", bound " << bounds[id] << "\n"
                                               << show(graph) << program.listing();
    };
    for (NodeId id : random.fetches) {
      const std::vector<double> found = program.value(graph, id);
      for (std::size_t i = 0; i < found.size(); ++i)
        ASSERT_TRUE(check(id, values[id][i], found[i], "fetched"));
    }
    for (const auto& [id, leaf] : random.assignments)
      for (std::size_t i = 0; i < values[id].size(); ++i)
        ASSERT_TRUE(check(id, static_cast<double>(reference.memory()[leaf][i]),
                          static_cast<double>(program.memory()[leaf][i]), "assigned"));
  }
}

template <class T>
class RandomGraphs : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RandomGraphs, Types);

TYPED_TEST(RandomGraphs, HaveTheSameValuesInTheProgramAsInTheReference) {
  register_ops();
  Tally tally;
  for (std::uint32_t seed = 0; seed < kGraphs; ++seed) {
    compare<TypeParam>(seed, tally);
    if (this->HasFatalFailure()) return;
  }
  EXPECT_LT(static_cast<double>(tally.vague), 0.1 * static_cast<double>(tally.checked));
}

}  // namespace
}  // namespace talweg
