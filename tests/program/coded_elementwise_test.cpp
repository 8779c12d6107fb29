// Elementwise groups that run as machine code read operands where they lie, and divide their tiles among
// threads.

#include "program/steps/coded_elementwise.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <vector>

#include "graph/value.hpp"
#include "kernels/instruction_sets.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"
#include "program/thread_pool.hpp"

namespace talweg {
namespace {

/// Buffers of as many floats each, and scratch memory.
class Buffers final : public Memory {
 public:
  Buffers(std::size_t buffers, std::size_t floats) : buffers_(buffers, std::vector<float>(floats)) {}
  [[nodiscard]] void* of(BufferId buffer) const override { return buffers_[buffer].data(); }
  [[nodiscard]] std::int64_t room(BufferId /*buffer*/) const override { return 0; }
  [[nodiscard]] void* scratch(int piece) const override { return scratch_[piece].data(); }
  [[nodiscard]] ThreadPool* pool() const override { return nullptr; }

 private:
  mutable std::vector<std::vector<float>> buffers_;
  mutable std::vector<float> scratch_[2] = {std::vector<float>(4096), std::vector<float>(4096)};
};

/// The sum of so many buffers, each function's value stored.
std::unique_ptr<Instruction> sum_of(std::int64_t buffers, const Buffers& memory) {
  const Shape shape = {10};
  ElementwiseStep step(shape);
  ElementwiseStep::Operand sum = step.add_view(contiguous_view(0, shape));
  for (BufferId i = 1; i < buffers; ++i) {
    const ElementwiseStep::Operand operands[] = {sum, step.add_view(contiguous_view(i, shape))};
    sum = {true, step.add_value(kernels::Elementwise::add, operands)};
  }
  step.store(sum.index, 0);
  step.finish();
  return bind_as_code(step, memory, DType::float32);
}

TEST(CodedElementwise, IsThereForGroupsOfSeveralFunctionsAndUpTo64Places) {
  const Buffers memory(100, 10);
  EXPECT_EQ(sum_of(2, memory), nullptr) << "one kernel is as fast";
  EXPECT_EQ(sum_of(4, memory) != nullptr, has_avx2());
  EXPECT_EQ(sum_of(63, memory) != nullptr, has_avx2());
  EXPECT_EQ(sum_of(64, memory), nullptr) << "64 operands and a result";
}

/// How an operand lies in a larger tensor, or repeats itself.
struct Operand {
  const char* name;
  std::function<Value(Graph&, std::int64_t rows, std::int64_t columns)> make;
};

std::vector<Operand> operands() {
  const auto leaf = [](Graph& graph, const Shape& shape) {
    return graph.add_leaf("state", "", shape, DType::float32);
  };
  return {
      {"a tensor",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return leaf(graph, {m, n});
       }},
      {"a number", [=](Graph& graph, std::int64_t, std::int64_t) { return leaf(graph, {}); }},
      {"a row", [=](Graph& graph, std::int64_t, std::int64_t n) { return leaf(graph, {n}); }},
      {"a column",
       [=](Graph& graph, std::int64_t m, std::int64_t) {
         return leaf(graph, {m, 1});
       }},
      {"a column of a matrix",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return slice(leaf(graph, {m, n}), {0, n / 2}, {1, 1}, {m, 1});
       }},
      {"a row of a matrix",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return slice(leaf(graph, {m, n}), {m / 2, 0}, {1, 1}, {1, n});
       }},
      {"columns of a matrix",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return slice(leaf(graph, {m, 2 * n}), {0, 1}, {1, 1}, {m, n});
       }},
      {"every second column of a matrix",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return slice(leaf(graph, {m, 2 * n}), {0, 0}, {1, 2}, {m, n});
       }},
      {"reversed rows",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return slice(leaf(graph, {m, n}), {m - 1, 0}, {-1, 1}, {m, n});
       }},
      {"a transposed matrix",
       [=](Graph& graph, std::int64_t m, std::int64_t n) {
         return transpose(leaf(graph, {n, m}), {1, 0});
       }},
  };
}

/// What (x - y) (x + y) x is, with x and y of that kind.
std::vector<float> computed(const Operand& x, const Operand& y, std::int64_t rows, std::int64_t columns,
                            const std::function<std::unique_ptr<Executor>(const Graph&, const Task&)>& make) {
  Graph graph(DType::float32);
  const Value a = x.make(graph, rows, columns), b = y.make(graph, rows, columns);
  const Value result = (a - b) * (a + b) * a;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> draw(-1, 1);
  std::vector<std::vector<float>> memory;
  Task task;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!graph[id].inputs.empty()) continue;
    std::vector<float>& values = memory.emplace_back(static_cast<std::size_t>(graph[id].shape.elements()));
    for (float& value : values) value = draw(random);
    task.bindings.push_back({id, values.data()});
  }
  task.fetches = {result.id()};
  const auto executor = make(graph, task);
  executor->run();
  const auto* values = static_cast<const float*>(executor->value(result.id()));
  return {values, values + graph[result.id()].shape.elements()};
}

TEST(CodedElementwise, ReadsOperandsWhereTheyLie) {
  register_ops();
  struct Size {
    std::int64_t rows, columns;
  };
  for (const auto& [rows, columns] :
       {Size{1, 1}, Size{3, 5}, Size{40, 100}, Size{64, 64}, Size{300, 130}, Size{5, 4100}})
    for (const Operand& x : operands())
      for (const Operand& y : operands()) {
        const std::vector<float> expected = computed(x, y, rows, columns, make_reference_executor);
        for (const int threads : {1, 3})
          EXPECT_EQ(computed(x, y, rows, columns,
                             [&](const Graph& graph, const Task& task) {
                               return compile_program(graph, task, {.threads = threads});
                             }),
                    expected)
              << x.name << " and " << y.name << ", " << rows << " x " << columns << ", " << threads
              << " threads";
      }
}

}  // namespace
}  // namespace talweg
