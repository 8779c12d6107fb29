// What both executors promise.

#include "program/executor.hpp"

#include <gtest/gtest.h>

#include "graph/value.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

using Make = std::unique_ptr<Executor> (*)(const Graph&, const Task&);

std::unique_ptr<Executor> make_program(const Graph& graph, const Task& task) {
  return compile_program(graph, task);
}

class BothExecutors : public testing::TestWithParam<Make> {
 protected:
  void SetUp() override { register_ops(); }
};

TEST_P(BothExecutors, AssignmentsSeeTheValuesFromBeforeTheRun) {
  Graph graph;
  const Value a = graph.add_leaf("state", "a", {2}, DType::float64);
  const Value b = graph.add_leaf("state", "b", {2}, DType::float64);
  std::vector<double> a_memory = {1, 2}, b_memory = {3, 4};
  const auto executor = GetParam()(graph, {{{a.id(), a_memory.data()}, {b.id(), b_memory.data()}},
                                           {{b.id(), a_memory.data()}, {(a + b).id(), b_memory.data()}},
                                           {}});
  executor->run();
  EXPECT_EQ(a_memory, (std::vector<double>{3, 4}));
  EXPECT_EQ(b_memory, (std::vector<double>{4, 6}));
}

TEST_P(BothExecutors, FetchedLeavesHaveTheValueFromBeforeTheRun) {
  Graph graph;
  const Value a = graph.add_leaf("state", "a", {}, DType::float64);
  double memory = 1;
  const auto executor = GetParam()(graph, {{{a.id(), &memory}}, {{(a + 1).id(), &memory}}, {a.id()}});
  executor->run();
  EXPECT_EQ(memory, 2);
  EXPECT_EQ(*static_cast<const double*>(executor->value(a.id())), 1);
}

TEST_P(BothExecutors, RefuseALeafWithoutValue) {
  Graph graph;
  const Value a = graph.add_leaf("state", "a", {}, DType::float64);
  EXPECT_THROW((void)GetParam()(graph, {{}, {}, {a.id()}}), Error);
}

TEST_P(BothExecutors, NameTheLargestTensorWhereMemoryDoesNotSuffice) {
  Graph graph;
  const Value x = graph.add_leaf("state", "x", {1, 1'000'000}, DType::float64);
  const Value y = graph.add_leaf("state", "y", {1'000'000, 1}, DType::float64);
  double memory = 1;
  const Value product = x * y;
  try {
    static_cast<void>(
        GetParam()(graph, {{{x.id(), &memory}, {y.id(), &memory}}, {}, {product.id(), (product + x).id()}}));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::model);
    EXPECT_TRUE(error.message().find(" MiB of memory, more than the ") != std::string::npos)
        << error.message();
    EXPECT_EQ(error.notes().at(0), "the largest is " + graph.describe(product.id()) + ", (1000000, 1000000)");
  }
}

INSTANTIATE_TEST_SUITE_P(Program, BothExecutors, testing::Values(make_reference_executor, make_program),
                         [](const auto& test) { return test.index == 0 ? "reference" : "program"; });

}  // namespace
}  // namespace talweg
