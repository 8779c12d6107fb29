#include "graph/gradients.hpp"

#include <gtest/gtest.h>

#include "ops/registry.hpp"

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

}  // namespace
}  // namespace talweg
