// What a graph is simplified to: for each rule, expressions, and the ops that are left to compute them.

#include "program/simplify/simplify.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "graph/op.hpp"
#include "model/evaluator.hpp"
#include "ops/registry.hpp"
#include "program/needed_nodes.hpp"

namespace talweg {
namespace {

constexpr float kMemory[12] = {};

class LeafScope final : public Scope {
 public:
  explicit LeafScope(Graph& graph) {
    const auto add = [&](const char* name, const Shape& shape) {
      leaves_[name] = graph.add_leaf("state", name, shape, DType::float32);
      task.bindings.push_back({leaves_[name].id(), const_cast<float*>(kMemory)});
    };
    add("x", {3, 4});
    add("row", {4});
    add("column", {3, 1});
    add("s", {});
  }
  [[nodiscard]] std::optional<Operand> find(const std::string& name, const Span&) override {
    const auto found = leaves_.find(name);
    return found == leaves_.end() ? std::nullopt : std::optional(Operand{found->second});
  }
  [[nodiscard]] std::vector<std::string> names() const override { return {"x", "row", "column", "s"}; }

  Task task;

 private:
  std::map<std::string, Value> leaves_;
};

/// The ops that are left, in order: "multiply sum". Constants are not computed.
std::string ops_left(const std::string& expression) {
  register_ops();
  const Source source("test", expression);
  Graph graph(DType::float32);
  LeafScope scope(graph);
  const Value value = to_tensor(graph, evaluate(parse_expression(scalar_document(source)), scope, graph));
  scope.task.fetches = {value.id()};
  const Simplified simplified = simplify(graph, scope.task);
  EXPECT_EQ((*simplified.graph)[simplified.task.fetches[0]].shape, value.shape()) << expression;
  std::string ops;
  for (NodeId id : needed_nodes(*simplified.graph, simplified.task)) {
    const Node& node = (*simplified.graph)[id];
    if (node.op->leaf || node.op->name == "constant" || node.op->name == "array") continue;
    ops += (ops.empty() ? "" : " ") + node.op->name;
  }
  return ops;
}

TEST(Simplify, LeavesTheseOps) {
  struct {
    const char* expression;
    const char* left;
  } const kCases[] = {// shared: computed twice
                      {"exp(x) * exp(x)", "exp multiply"},
                      {"(x + row) * (row + x)", "add add multiply"},  // the order of operands counts
                                                                      // fold_constants
                      {"x * (2 + 3)", "multiply"},
                      {"x + exp([1, 2, 3, 4])", "add"},
                      {"x * sum([[1, 2], [3, 4]])", "multiply"},
                      // drop_identities
                      {"x * 1", ""},
                      {"1 * x / 1", ""},
                      {"x - 0", ""},
                      {"x + 0", "add"},  // -0 + 0 is 0
                      {"-(-x)", ""},
                      {"stop_gradient(exp(x))", "exp"},
                      {"s * ones((3, 4))", "multiply"},  // it has another shape than s
                                                         // join_layouts
                      {"x.T.T", ""},
                      {"reshape(reshape(x, (12,)), (2, 6))", "reshape"},
                      {"reshape(x, (3, 4))", ""},
                      {"x[0:3, :]", ""},
                      {"x[0:2, :]", "slice"},
                      {"broadcast_to(broadcast_to(row, (1, 4)), (3, 4))", "broadcast_to"},
                      // expand_powers
                      {"x ** 1", ""},
                      {"x ** 2", "square"},
                      {"x ** 3", "square multiply"},
                      {"x ** -1", "reciprocal"},
                      {"x ** 2.5", "power"},
                      // reduce_broadcasts
                      {"max(broadcast_to(row, (3, 4)))", "max reshape"},
                      {"max(broadcast_to(s, (3, 4)))", ""},
                      {"min(broadcast_to(column, (3, 4)), axis=1, keepdims=True)", ""},
                      {"sum(broadcast_to(s, (3, 4)))", "multiply"},
                      {"mean(broadcast_to(s, (3, 4)))", "multiply divide"},
                      {"sum(broadcast_to(row, (3, 4)), axis=0)", "multiply"},
                      {"sum(broadcast_to(row, (3, 4)), axis=1)", "sum reshape broadcast_to"},
                      {"sum(broadcast_to(column, (3, 4)), axis=1)", "multiply reshape"},
                      {"sum(broadcast_to(column, (3, 4)))", "sum multiply reshape"},
                      {"prod(broadcast_to(s, (3, 4)))", "broadcast_to prod"}};
  for (const auto& [expression, left] : kCases) EXPECT_EQ(ops_left(expression), left) << expression;
}

}  // namespace
}  // namespace talweg
