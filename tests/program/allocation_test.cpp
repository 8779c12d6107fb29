// A program allocates nothing while it runs: every `new` of the test program is counted.

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "graph/value.hpp"
#include "ops/registry.hpp"
#include "program/random_graph.hpp"

namespace {
thread_local std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace talweg {
namespace {

TEST(Program, AllocatesNothingWhileItRuns) {
  register_ops();
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    const RandomGraph random = make_random_graph(seed, seed % 2 == 0 ? DType::float32 : DType::float64);
    std::vector<std::vector<double>> memory = random.values;
    Task task;
    for (std::size_t i = 0; i < random.leaves.size(); ++i)
      task.bindings.push_back({random.leaves[i], memory[i].data()});
    task.fetches = random.fetches;
    const auto program = compile_program(*random.graph, task);
    const std::size_t before = allocations;
    program->run();
    ASSERT_EQ(allocations, before) << "seed " << seed << "\n" << program->listing();
  }
  const std::size_t before = allocations;
  std::vector<int> one(1);
  EXPECT_EQ(allocations, before + 1) << "the count does not count";
}

/// oneDNN and the BLAS prepare themselves when the program is built.
TEST(Program, AllocatesNothingWhileItRunsLargeProducts) {
  register_ops();
  for (const std::int64_t n : {48, 128, 130, 1024}) {
    Graph graph(DType::float32);
    std::vector<float> memory(static_cast<std::size_t>(n * n), 1);
    const Value x = graph.add_leaf("state", "x", {n, n}, DType::float32);
    const Value transposed = transpose(x, {1, 0});
    const Task task{{{x.id(), memory.data()}},
                    {},
                    {emit("matmul", {x, x}).id(), emit("matmul", {transposed, x}).id(),
                     emit("matmul", {x, transposed}).id()}};
    const auto program = compile_program(graph, task);
    const std::size_t before = allocations;
    program->run();
    EXPECT_EQ(allocations, before) << n;
  }
}

}  // namespace
}  // namespace talweg
