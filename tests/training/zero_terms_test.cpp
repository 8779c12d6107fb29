// Terms of an update that a hyperparameter of 0 turns off.

#include "training/zero_terms.hpp"

#include <gtest/gtest.h>

#include "graph/op.hpp"

namespace talweg {
namespace {

class ZeroTerms : public testing::Test {
 protected:
  /// What becomes of `y`, a value of a, b, the gradient and two hyperparameters, of which `h` is 0.
  [[nodiscard]] Value without(Value y) {
    return without_zero_terms({y}, h.id(), gradient.id(), {h.id()}).front();
  }

  Graph graph;
  Value a = graph.add_leaf("parameter", "a", {3}, DType::float64);
  Value b = graph.add_leaf("parameter", "b", {3}, DType::float64);
  Value gradient = graph.add_leaf("data", "g", {3}, DType::float64);
  Value one = graph.add_leaf("parameter", "one", {}, DType::float64);
  Value h = constant(graph, 0), k = constant(graph, 0.5);
};

TEST_F(ZeroTerms, AreLeftOutOfSumsAndDifferences) {
  EXPECT_EQ(without(a + h * b).id(), a.id());
  EXPECT_EQ(without(a + b * h).id(), a.id());
  EXPECT_EQ(without(h * b + a).id(), a.id());
  EXPECT_EQ(without(a - h * b).id(), a.id());
  EXPECT_EQ(without(a - k * h * b).id(), a.id());
  EXPECT_EQ(without(a - k * (h * b)).id(), a.id());
  EXPECT_EQ(without((a + h * b) - h * a).id(), a.id());
  EXPECT_EQ(without(a + (h * b + h * a)).id(), a.id());
}

TEST_F(ZeroTerms, AreLeftOutWithinWhatIsComputedFromThem) {
  const Value shorter = without(a - k * (b + h * a));
  ASSERT_EQ(shorter.node().op->name, "subtract");
  EXPECT_EQ(shorter.node().inputs[0], a.id());
  const Node& product = graph[shorter.node().inputs[1]];
  EXPECT_EQ(product.op->name, "multiply");
  EXPECT_EQ(product.inputs, (std::vector<NodeId>{k.id(), b.id()}));
}

TEST_F(ZeroTerms, AreLeftOutOfWhatIsLeftOfAnother) {
  const Value shorter = without((k * (b + h * a)) + h * a);
  EXPECT_EQ(shorter.node().op->name, "multiply");
  EXPECT_EQ(shorter.node().inputs, (std::vector<NodeId>{k.id(), b.id()}));
}

TEST_F(ZeroTerms, StayWhereTheGradientIsInThem) {
  for (const Value y : {a - h * gradient, a + h * (k * gradient), a - k * (h * gradient)})
    EXPECT_EQ(without(y).id(), y.id());
}

TEST_F(ZeroTerms, StayWhereTheyAreNoneOrGiveTheShape) {
  for (const Value y : {a + k * b, a + constant(graph, 0) * b, h * a - b, one + h * a, a / h, h * a})
    EXPECT_EQ(without(y).id(), y.id());
}

}  // namespace
}  // namespace talweg
