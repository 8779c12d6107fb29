#include "graph/print.hpp"

#include <gtest/gtest.h>

#include "graph/value.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// y = (x + 2) summed, with one node of each phase.
class Printed : public testing::Test {
 protected:
  Printed() {
    register_ops();
    const Value x = graph_.add_leaf("parameter", "x", {3}, DType::float64);
    const Value y = sum_all(x + 2);
    graph_.set_name(y.id(), "y");
    graph_.set_phase(Phase::update);
    nodes_ = {0, 1, 2, 3, (x - 1).id()};
  }

  Graph graph_;
  std::vector<NodeId> nodes_;
};

TEST_F(Printed, AsTextIsATableWithAHeadingWhereAPhaseBegins) {
  EXPECT_EQ(to_text(graph_, std::span(nodes_).first(4)),
            "node  name  expression                         shape  type     line\n"
            "  %0  x     parameter                          (3,)   float64\n"
            "  %1        2                                  ()     float64\n"
            "  %2        add(x, %1)                         (3,)   float64\n"
            "  %3  y     sum(%2, axes=[0], keepdims=false)  ()     float64\n");
  EXPECT_NE(to_text(graph_, nodes_).find("\n      -- update --\n"), std::string::npos);
}

TEST_F(Printed, AsDotHasANodeAndItsEdgesForEach) {
  const std::string text = to_dot(graph_, nodes_, "a \"b\"");
  EXPECT_TRUE(text.starts_with("digraph \"a \\\"b\\\"\" {\n")) << text;
  for (const char* part : {"n0 [label=\"x\\nparameter\\n(3,)\"", "n1 [label=\"2\\n()\"", "n2 -> n3;",
                           "n0 -> n2;", "subgraph cluster_update"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find("cluster_gradient"), std::string::npos);
}

}  // namespace
}  // namespace talweg
