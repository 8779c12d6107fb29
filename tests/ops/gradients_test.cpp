// The gradient of every op and function, first and second order, against central differences, over every way
// in which inputs broadcast.

#include "graph/gradients.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>

#include "graph/function.hpp"
#include "graph/op.hpp"
#include "ops/elementwise.hpp"
#include "ops/gradient_check.hpp"
#include "program/executor.hpp"

namespace talweg {
namespace {

TEST(Samples, CoverEveryOp) {
  std::set<std::string> covered;
  for (const Sample& sample : samples()) {
    Graph graph;
    static_cast<void>(sample.append(graph, add_leaves(graph, sample)));
    for (NodeId id = 0; id < graph.size(); ++id) covered.insert(graph[id].op->name);
  }
  for (const Op* op : OpRegistry::instance().all())
    EXPECT_TRUE(op->leaf || covered.contains(op->name)) << "no sample uses op '" << op->name << "'";
}

TEST(Samples, CoverEveryFunction) {
  for (const Function* function : FunctionRegistry::instance().all()) {
    const auto calls = [&](const Sample& sample) {
      const std::size_t at = sample.expression.find(function->name + "(");
      return at == 0 || (at != std::string::npos && !std::isalpha(sample.expression[at - 1]) &&
                         sample.expression[at - 1] != '_');
    };
    EXPECT_TRUE(std::ranges::any_of(samples(), calls)) << "no sample calls " << function->name << "()";
  }
}

TEST(Gradients, OfEverySampleAreThoseOfItsValues) {
  for (const Sample& sample : samples()) EXPECT_EQ(check_first_order(sample), "") << to_string(sample);
}

TEST(Gradients, OfEverySamplesGradientAreThoseOfItsValues) {
  for (const Sample& sample : samples()) EXPECT_EQ(check_second_order(sample), "") << to_string(sample);
}

/// square with a rule of the test's own.
Op square_with(GradientRule rule) {
  Op op = OpRegistry::instance().get("square");
  op.gradient = rule;
  return op;
}

TEST(GradientCheck, FindsAWrongRule) {
  static const Op kWrong = square_with(
      [](const GradientCall& call) -> Values { return {call.gradient * (2.001 * call.input(0))}; });
  const Sample sample{"wrong", {{{2, 3}}}, [](const std::vector<Value>& inputs) {
                        return inputs[0].graph().add(kWrong, {inputs[0].id()});
                      }};
  EXPECT_NE(check_first_order(sample), "");
}

TEST(GradientCheck, FindsARuleWhoseOwnGradientIsWrong) {
  static const Op kWrong = square_with([](const GradientCall& call) -> Values {
    return {call.gradient * (2 * stop_gradient(call.input(0)))};
  });
  const Sample sample{"wrong", {{{2, 3}}}, [](const std::vector<Value>& inputs) {
                        return inputs[0].graph().add(kWrong, {inputs[0].id()});
                      }};
  EXPECT_EQ(check_first_order(sample), "");
  EXPECT_NE(check_second_order(sample), "");
}

TEST(GradientCheck, FindsARuleThatForgetsAnInput) {
  static const Op kWrong = [] {
    Op op = OpRegistry::instance().get("multiply");
    op.gradient = [](const GradientCall& call) -> Values { return {call.gradient * call.input(1), {}}; };
    return op;
  }();
  const Sample sample{"wrong", {{{2, 3}}, {{3}}}, [](const std::vector<Value>& inputs) {
                        return inputs[0].graph().add(kWrong, {inputs[0].id(), inputs[1].id()});
                      }};
  EXPECT_NE(check_first_order(sample), "");
}

/// The gradient of sum(expression) by x at one point, element by element.
std::vector<double> gradient_at(const std::string& expression, std::vector<double> x,
                                std::vector<double> y = {}) {
  Graph graph;
  Sample sample{expression, {{{static_cast<std::int64_t>(x.size())}}}};
  if (!y.empty()) sample.inputs.push_back({{static_cast<std::int64_t>(y.size())}});
  const std::vector<Value> leaves = add_leaves(graph, sample);
  const std::vector<Value> wrt = {leaves[0]};
  const Value gradient = gradients(sum_all(sample.append(graph, leaves)), wrt)[0];
  std::vector<Binding> bindings = {{leaves[0].id(), x.data()}};
  if (!y.empty()) bindings.push_back({leaves[1].id(), y.data()});
  const auto executor = make_reference_executor(graph, {bindings, {}, {gradient.id()}});
  executor->run();
  const auto* values = static_cast<const double*>(executor->value(gradient.id()));
  return {values, values + x.size()};
}

struct Kink {
  const char* expression;
  std::vector<double> x, gradient;
  std::vector<double> y = {};
};

const double kInfinity = std::numeric_limits<double>::infinity();

TEST(Gradients, AtKinksAndFarOutAreTheDocumentedOnes) {
  const std::vector<Kink> kinks = {
      {"relu(x)", {0.0, -0.0}, {0, 0}},
      {"abs(x)", {0}, {0}},
      {"leaky_relu(x, negative_slope=0.2)", {0}, {0.2}},
      {"elu(x, alpha=0.5)", {0, -1000, 1000}, {0.5, 0, 1}},
      {"maximum(x, y)", {1, 1, 2}, {0.5, 0, 1}, {1, 2, 1}},
      {"minimum(x, y)", {1, 1, 2}, {0.5, 1, 0}, {1, 2, 1}},
      {"max(x)", {1, 3, 3}, {0, 0.5, 0.5}},
      {"min(x)", {1, 1, 1, 1}, {0.25, 0.25, 0.25, 0.25}},
      {"sqrt(x)", {0}, {kInfinity}},
      {"std(x)", {2, 2}, {0, 0}},
      {"x ** 2", {-3, 0}, {-6, 0}},
      {"x ** 3", {-2, 0}, {12, 0}},
      {"x ** 1", {0, -1}, {1, 1}},
      {"x ** 0", {0, -1}, {0, 0}},
      {"power(x, y)", {0, 0, -2}, {0, 0, 12}, {0, 2, 3}},
      {"power(y, x)", {0, 2, 0}, {0, 0, 0}, {0, 0, 1}},
      {"prod(x)", {0, 2, 3}, {6, 0, 0}},
      {"prod(x)", {0, 0, 3}, {0, 0, 0}},
      {"sigmoid(x)", {-1000, 1000}, {0, 0}},
      {"silu(x)", {-1000, 1000}, {0, 1}},
      {"gelu(x)", {-1000, 1000}, {0, 1}},
      {"softplus(x)", {-1000, 1000}, {0, 1}},
      {"tanh(x)", {-1000, 1000}, {0, 0}},
      {"logsumexp(x)", {1000, 0, -kInfinity}, {1, 0, 0}},
      {"softmax(x)[0]", {1000, -1000}, {0, 0}},
      {"where(x > 0, x, 0)", {kInfinity, -kInfinity}, {1, 0}},
      {"cross_entropy(x[None], [1])", {-kInfinity, 0}, {0, 0}},
      {"floor(x) + sign(x)", {1.5}, {0}},
  };
  for (const Kink& kink : kinks)
    EXPECT_EQ(gradient_at(kink.expression, kink.x, kink.y), kink.gradient) << kink.expression;
}

/// Second derivatives of a product with zeros: of x y z at (0, 0, 3), d2/dxdy = 3, the others 0.
TEST(Gradients, OfAProductsGradientAreRightWhereElementsAreZero) {
  const Sample two_zeros{"prod(x * [0, 0, 1, 1])", {{{4}}}};
  EXPECT_EQ(check_second_order(two_zeros), "");
  Graph graph;
  const Value x = graph.add_leaf("data", "x", {3}, DType::float64);
  const std::vector<Value> wrt = {x};
  const Value first = gradients(emit("prod", {x}, {{"axes", Integers{0}}, {"keepdims", false}}), wrt)[0];
  const Value second = gradients(reshape(slice(first, {0}, {1}, {1}), {}), wrt)[0];
  std::vector<double> values = {0, 0, 3};
  const auto executor = make_reference_executor(graph, {{{x.id(), values.data()}}, {}, {second.id()}});
  executor->run();
  const auto* found = static_cast<const double*>(executor->value(second.id()));
  EXPECT_EQ(std::vector<double>(found, found + 3), (std::vector<double>{0, 3, 0}));
}

/// A power with a constant exponent takes no logarithm: of a negative base it would be NaN.
TEST(Gradients, OfAPowerAskForNoLogarithmUnlessTheExponentHasOne) {
  Graph graph;
  const Value x = graph.add_leaf("data", "x", {}, DType::float64);
  const Value y = graph.add_leaf("data", "y", {}, DType::float64);
  const std::vector<Value> wrt = {x};
  static_cast<void>(gradients(emit("power", {x, y}), wrt));
  for (NodeId id = 0; id < graph.size(); ++id) EXPECT_NE(graph[id].op->name, "log");
}

}  // namespace
}  // namespace talweg
