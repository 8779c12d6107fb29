// What is looked at is computed before anything is assigned, and runs stay what they are without a look.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "graph/gradients.hpp"
#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/random_graph.hpp"

namespace talweg {
namespace {

template <class T>
using Memory = std::vector<std::vector<T>>;

/// A random graph's task on memory of its own.
template <class T>
struct OnMemory {
  OnMemory(const RandomGraph& random, const std::vector<NodeId>& fetches, const std::vector<NodeId>& looks)
      : graph(*random.graph) {
    for (const std::vector<double>& values : random.values) memory.emplace_back(values.begin(), values.end());
    for (std::size_t i = 0; i < random.leaves.size(); ++i)
      task.bindings.push_back({random.leaves[i], memory[i].data()});
    for (const auto& [value, leaf] : random.assignments)
      task.assignments.push_back({value, memory[leaf].data()});
    task.fetches = fetches;
    task.looks = looks;
  }

  /// The values of nodes after a run or look.
  [[nodiscard]] Memory<T> values(const Executor& executor, const std::vector<NodeId>& nodes) const {
    Memory<T> found;
    for (NodeId id : nodes) {
      const T* from = static_cast<const T*>(executor.value(id));
      found.emplace_back(from, from + graph[id].shape.elements());
    }
    return found;
  }

  const Graph& graph;
  Memory<T> memory;
  Task task;
};

/// NaN is the same as NaN.
template <class T>
bool have_same_bits(const Memory<T>& a, const Memory<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].size() != b[i].size() ||
        (!a[i].empty() && std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(T)) != 0))
      return false;
  return true;
}

template <class T>
class Looks : public testing::Test {
 public:
  static constexpr DType kFloating = sizeof(T) == sizeof(float) ? DType::float32 : DType::float64;
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(Looks, Types);

TYPED_TEST(Looks, FindWhatTheReferenceExecutorFindsAndChangeNoBitOfARun) {
  register_ops();
  constexpr std::uint32_t kGraphs = 1000;
  constexpr int kRuns = 4;
  std::size_t looked = 0;
  for (std::uint32_t seed = 0; seed < kGraphs; ++seed) {
    const RandomGraph random = make_random_graph(seed, this->kFloating);
    const Graph& graph = *random.graph;
    std::vector<NodeId> all(graph.size()), looks;
    for (NodeId id = 0; id < graph.size(); ++id) all[id] = id;
    for (NodeId id = seed % 5; id < graph.size(); id += 5) looks.push_back(id);
    OnMemory<TypeParam> plain(random, random.fetches, {}), looking(random, random.fetches, looks),
        reference(random, all, {});
    const auto plain_program = compile_program(graph, plain.task),
               program = compile_program(graph, looking.task);
    EXPECT_FALSE(plain_program->can_look());
    looked += program->can_look() ? 1 : 0;
    const auto by_nodes = make_reference_executor(graph, reference.task);
    for (int run = 0; run < kRuns; ++run) {
      const std::string where = "seed " + std::to_string(seed) + ", run " + std::to_string(run);
      if (program->can_look() && run != 2) {
        reference.memory = looking.memory;
        program->look();
        ASSERT_TRUE(have_same_bits(looking.memory, reference.memory)) << where;
        by_nodes->run();
        std::vector<std::vector<double>> values;
        for (const auto& found : reference.values(*by_nodes, all))
          values.emplace_back(found.begin(), found.end());
        const std::vector<double> bounds = error_bounds(graph, values);
        const Memory<TypeParam> found = looking.values(*program, looks);
        for (std::size_t i = 0; i < looks.size(); ++i)
          for (std::size_t j = 0; j < found[i].size(); ++j) {
            const double value = found[i][j], expected = values[looks[i]][j];
            ASSERT_TRUE((std::isnan(value) && std::isnan(expected)) || value == expected ||
                        std::abs(value - expected) <= bounds[looks[i]])
                << where << ", node " << looks[i] << ": " << value << ", expected " << expected << "\n"
                << program->listing();
          }
        if (run == 1) program->hand_back();
      }
      plain_program->run();
      program->run();
      program->hand_back();
      ASSERT_TRUE(have_same_bits(looking.memory, plain.memory)) << where << "\n" << program->listing();
      ASSERT_TRUE(have_same_bits(looking.values(*program, random.fetches),
                                 plain.values(*plain_program, random.fetches)))
          << where << "\n"
          << program->listing();
    }
  }
  EXPECT_GT(looked, kGraphs / 3);
}

/// loss = sum(h * h) of h = tanh(x @ w @ [[-1]]), and w -= its gradient / 64. `keeps_sum`: a state becomes
/// sum(x @ w).
struct Descent {
  explicit Descent(bool keeps_sum = false) {
    register_ops();
    const Value x = leaf({4, 3});
    w = leaf({3, 1});
    const Value minus = leaf({1, 1});
    const Value product = emit("matmul", {x, w});
    if (keeps_sum) {
      leaf({1});
      task.assignments.push_back(
          {emit("sum", {product}, {{"axes", Integers{0}}, {"keepdims", false}}).id(), memory[3].data()});
    }
    h = emit("tanh", {emit("matmul", {product, minus})});
    loss = emit("sum", {h * h}, {{"axes", Integers{0, 1}}, {"keepdims", false}});
    const Value gradient = gradients(loss, std::vector{w}).front();
    task.assignments.push_back({(w - 1.0 / 64 * gradient).id(), memory[1].data()});
  }
  Value leaf(const Shape& shape) {
    std::vector<double>& values = memory.emplace_back(static_cast<std::size_t>(shape.elements()));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 3) - 1;
    const Value value = graph.add_leaf("state", "", shape, graph.floating());
    task.bindings.push_back({value.id(), values.data()});
    return value;
  }
  [[nodiscard]] double loss_now() const {
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      double element = 0;
      for (std::size_t j = 0; j < 3; ++j) element += memory[0][3 * i + j] * memory[1][j];
      sum += std::tanh(element) * std::tanh(element);
    }
    return sum;
  }

  Graph graph{DType::float64};
  Task task;
  std::deque<std::vector<double>> memory;
  Value w, h, loss;
};

double number(const Executor& executor, Value value) {
  return *static_cast<const double*>(executor.value(value.id()));
}

using Make = std::unique_ptr<Executor> (*)(const Graph&, const Task&);
constexpr Make kMakers[] = {make_reference_executor, [](const Graph& graph, const Task& task) {
                              return compile_program(graph, task);
                            }};

TEST(Look, SeesValuesFromBeforeTheRunThatGoesOnFromIt) {
  for (const Make make : kMakers) {
    Descent descent;
    descent.task.looks = {descent.loss.id(), descent.w.id()};
    const auto executor = make(descent.graph, descent.task);
    ASSERT_TRUE(executor->can_look());
    double before = descent.loss_now() + 1;
    for (int run = 0; run < 3; ++run) {
      const double now = descent.loss_now(), first = descent.memory[1].front();
      EXPECT_LT(now, before);
      executor->look();
      EXPECT_NEAR(number(*executor, descent.loss), now, 1e-12);
      EXPECT_EQ(number(*executor, descent.w), first);
      EXPECT_EQ(descent.loss_now(), now) << "a look assigns nothing";
      executor->run();
      before = now;
    }
  }
}

TEST(Look, IsMadeAnewOnceTheProgramHasHandedBack) {
  for (const Make make : kMakers) {
    Descent changed, expected;
    for (Descent* descent : {&changed, &expected}) descent->task.looks = {descent->loss.id()};
    const auto executor = make(changed.graph, changed.task), other = make(expected.graph, expected.task);
    executor->look();
    executor->hand_back();
    for (Descent* descent : {&changed, &expected}) descent->memory[1].assign(3, 2.0);
    executor->run();
    executor->hand_back();
    other->run();
    EXPECT_EQ(changed.memory[1], expected.memory[1]);
    executor->look();
    EXPECT_NEAR(number(*executor, changed.loss), changed.loss_now(), 1e-12);
  }
}

TEST(Look, ComesBeforeASmallAssignmentThatIsKnownSooner) {
  for (const Make make : kMakers) {
    Descent descent(true);
    descent.task.looks = {descent.loss.id()};
    const auto executor = make(descent.graph, descent.task);
    ASSERT_TRUE(executor->can_look());
    const double loss = descent.loss_now(), before = descent.memory[3][0] = 100;
    executor->look();
    EXPECT_NEAR(number(*executor, descent.loss), loss, 1e-12);
    EXPECT_EQ(descent.memory[3][0], before);
    executor->run();
    EXPECT_NE(descent.memory[3][0], before);
    EXPECT_LT(descent.loss_now(), loss);
  }
}

TEST(Look, IsNotPossibleWhereALargeAssignmentIsMadeFirst) {
  Descent descent;
  const Value large = descent.leaf({512, 1024});
  descent.task.assignments.push_back({(large + 1).id(), descent.memory[3].data()});
  descent.task.looks = {descent.loss.id()};
  const auto program = compile_program(descent.graph, descent.task);
  EXPECT_FALSE(program->can_look());
  const double loss = descent.loss_now(), first = descent.memory[3][0];
  program->run();
  EXPECT_LT(descent.loss_now(), loss);
  EXPECT_EQ(descent.memory[3][0], first + 1);
}

TEST(Look, TakesNoInstructionOfARun) {
  Descent plain, looking;
  looking.task.looks = {looking.loss.id(), looking.h.id()};
  const std::string without = compile_program(plain.graph, plain.task)->listing(),
                    with = compile_program(looking.graph, looking.task)->listing();
  const auto count_of = [](const std::string& text) {
    return text.substr(text.rfind('\n', text.size() - 2));
  };
  EXPECT_EQ(count_of(without).substr(0, 16), count_of(with).substr(0, 16));
  EXPECT_EQ(without.find("look"), std::string::npos);
  EXPECT_NE(with.find("look"), std::string::npos) << with;
}

}  // namespace
}  // namespace talweg
