#include "graph/gradients.hpp"

#include <gtest/gtest.h>

#include "graph/op.hpp"
#include "ops/registry.hpp"
#include "program/executor.hpp"

namespace talweg {
namespace {

TEST(Gradients, HaveTheShapeOfTheirParameterAfterBroadcasting) {
  register_ops();
  Graph graph;
  const Value x = graph.add_leaf("data", "x", {4, 3}, DType::float64);
  const Value w = graph.add_leaf("parameter", "w", {3, 2}, DType::float64);
  const Value b = graph.add_leaf("parameter", "b", {2}, DType::float64);
  const Value loss = sum_all(apply("sigmoid", matmul(x, w) + b));
  const std::vector<Value> wrt = {w, b};
  const std::vector<Value> g = gradients(loss, wrt);
  EXPECT_EQ(g[0].shape(), w.shape());
  EXPECT_EQ(g[1].shape(), b.shape());
}

TEST(Gradients, OfAMatrixIsRefused) {
  register_ops();
  Graph graph;
  const Value w = graph.add_leaf("parameter", "w", {3, 2}, DType::float64);
  const std::vector<Value> wrt = {w};
  EXPECT_THROW((void)gradients(w, wrt), Error);
}

/// The value of a node where the leaf `x` is `at`.
double value_at(const Graph& graph, Value x, double at, Value node) {
  const auto executor = make_reference_executor(graph, {{{x.id(), &at}}, {}, {node.id()}});
  executor->run();
  return *static_cast<const double*>(executor->value(node.id()));
}

TEST(Gradients, AddUpOverEveryUseOfAValue) {
  register_ops();
  Graph graph;
  const Value x = graph.add_leaf("parameter", "x", {}, DType::float64);
  const Value y = apply("square", x);
  const std::vector<Value> wrt = {x, y};
  const std::vector<Value> g = gradients(x * y + y + x, wrt);
  EXPECT_EQ(value_at(graph, x, 2, g[0]), 3 * 4 + 2 * 2 + 1);
  EXPECT_EQ(value_at(graph, x, 2, g[1]), 2 + 1) << "by an intermediate value, x held";
}

/// Of x cut into pieces and used: pieces that lie next to each other are put together.
TEST(Gradients, OfPiecesAreJoinedWhereTheyDoNotOverlap) {
  register_ops();
  Graph graph;
  const Value x = graph.add_leaf("parameter", "x", {6}, DType::float64);
  const auto piece = [&](std::int64_t start, std::int64_t size, std::int64_t step = 1) {
    return slice(x, {start}, {step}, {size});
  };
  const Value y = sum_all(10 * piece(4, 2)) + sum_all(2 * piece(0, 2)) + sum_all(3 * piece(1, 2)) +
                  sum_all(7 * piece(0, 3, 2)) + sum_all(100 * x);
  const std::vector<Value> wrt = {x};
  const Value g = gradients(y, wrt)[0];
  std::vector<double> values(6);
  const auto executor = make_reference_executor(graph, {{{x.id(), values.data()}}, {}, {g.id()}});
  executor->run();
  const auto* found = static_cast<const double*>(executor->value(g.id()));
  EXPECT_EQ(std::vector<double>(found, found + 6), (std::vector<double>{109, 105, 110, 100, 117, 110}));
  std::size_t zeros = 0, joined = 0;
  for (NodeId id = g.id() + 1; id-- > 0;) {
    zeros += graph[id].op->name == "slice_adjoint" ? 1 : 0;
    joined += graph[id].op->name == "concatenate" ? 1 : 0;
  }
  EXPECT_EQ(joined, 1U) << "of the first two pieces, with zeros between them";
  EXPECT_EQ(zeros, 4U) << "as the rules give them; two are used";
}

TEST(Gradients, AreZeroWhereNothingDependsOnTheParameterOrNoGradientFlows) {
  register_ops();
  Graph graph;
  const Value x = graph.add_leaf("parameter", "x", {2}, DType::float64);
  const Value other = graph.add_leaf("parameter", "other", {2}, DType::float64);
  const Value counted = sum_all(compare("greater", x, 0)) * 1.0;
  const Value y = sum_all(apply("floor", x)) + sum_all(stop_gradient(x)) + counted;
  const std::vector<Value> wrt = {x, other};
  for (const Value& g : gradients(y, wrt)) {
    EXPECT_EQ(g.shape(), x.shape());
    EXPECT_EQ(g.node().op->name, "constant");
    EXPECT_EQ(g.node().attributes.number("value"), 0);
  }
}

TEST(Gradients, ThroughAnOpWithoutRuleAreRefusedByName) {
  register_ops();
  static const Op kRuleless = [] {
    Op op = OpRegistry::instance().get("tanh");
    op.name = "ruleless";
    op.differentiable = Differentiable::missing;
    op.gradient = nullptr;
    return op;
  }();
  Graph graph;
  const Value x = graph.add_leaf("parameter", "x", {}, DType::float64);
  const Value y = graph.add(kRuleless, {x.id()});
  graph.set_name(y.id(), "squashed");
  const std::vector<Value> wrt = {x};
  try {
    static_cast<void>(gradients(y * 2.0, wrt));
    FAIL() << "a gradient was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "op 'ruleless' of squashed has no gradient rule");
  }
  const Value unused = graph.add_leaf("parameter", "unused", {}, DType::float64);
  const std::vector<Value> other = {unused};
  EXPECT_NO_THROW(static_cast<void>(gradients(y * unused, other))) << "no gradient passes the op";
}

TEST(Gradients, ByIntegersOrOfIntegersAreRefused) {
  register_ops();
  Graph graph;
  const Value x = graph.add_leaf("parameter", "x", {}, DType::float64);
  const Value labels = graph.add_leaf("data", "labels", {}, DType::int64);
  const std::vector<Value> by_labels = {labels}, by_x = {x};
  EXPECT_THROW(static_cast<void>(gradients(x * labels, by_labels)), Error);
  EXPECT_THROW(static_cast<void>(gradients(labels, by_x)), Error);
}

}  // namespace
}  // namespace talweg
