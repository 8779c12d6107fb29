// Shape rules: what an expression's shape and type are, and what is said where the inputs do not fit.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <talweg/error.hpp>
#include <vector>

#include "graph/op.hpp"
#include "ops/samples.hpp"
#include "program/executor.hpp"

namespace talweg {
namespace {

constexpr DType kInteger = DType::int64, kBoolean = DType::boolean;

struct Case {
  const char* expression;
  std::vector<SampleInput> inputs;
  const char* result;  ///< "(4, 3) float64", or message and hint of an error
};

std::string result_of(const Case& tested) {
  const Sample sample{tested.expression, tested.inputs};
  Graph graph;
  try {
    const Value value = sample.append(graph, add_leaves(graph, sample));
    return to_string(value.shape()) + " " + std::string(to_string(value.dtype()));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), Status::model);
    EXPECT_TRUE(error.has_location());
    return error.message() + (error.hint().empty() ? "" : "; " + error.hint());
  }
}

const SampleInput kMatrix{{4, 3}}, kVector{{3}}, kScalar{{}}, kStack{{2, 4, 3}}, kEmpty{{0, 3}};
const SampleInput kWhole{{4, 3}, 0, 5, kInteger}, kTrue{{4, 3}, 0, 1, kBoolean}, kLabels{{4}, 0, 2, kInteger};

const std::vector<Case> kTypes = {
    {"x + y", {kMatrix, kVector}, "(4, 3) float64"},
    {"x + y", {kWhole, kTrue}, "(4, 3) int64"},
    {"x + y", {kTrue, kTrue}, "(4, 3) bool"},
    {"x * y", {kTrue, kTrue}, "(4, 3) bool"},
    {"x - 1", {kTrue}, "(4, 3) int64"},
    {"x / 2", {kWhole}, "(4, 3) float64"},
    {"x ** 2", {kWhole}, "(4, 3) int64"},
    {"x ** 2.0", {kWhole}, "(4, 3) float64"},
    {"x ** 0.5", {kWhole}, "(4, 3) float64"},
    {"x ** -1.0", {kWhole}, "(4, 3) float64"},
    {"abs(x)", {kTrue}, "(4, 3) bool"},
    {"square(x)", {kTrue}, "(4, 3) int64"},
    {"exp(x)", {kTrue}, "(4, 3) float64"},
    {"floor(x)", {kWhole}, "(4, 3) float64"},
    {"round(x)", {kWhole}, "(4, 3) int64"},
    {"x < 2", {kWhole}, "(4, 3) bool"},
    {"where(x, 1, 2)", {kMatrix}, "(4, 3) int64"},
    {"where(x, 1, 2.5)", {kTrue}, "(4, 3) float64"},
    {"maximum(x, y)", {kTrue, kWhole}, "(4, 3) int64"},
    {"sum(x)", {kTrue}, "() int64"},
    {"sum(x, axis=())", {kTrue}, "(4, 3) int64"},
    {"sum(x, axis=[-1, 0])", {kStack}, "(4,) float64"},
    {"sum(x, axis=0, keepdims=True)", {kEmpty}, "(1, 3) float64"},
    {"sum(x, dim=1, keepdim=True)", {kMatrix}, "(4, 1) float64"},
    {"prod(x)", {kTrue}, "() int64"},
    {"max(x, axis=0)", {kTrue}, "(3,) bool"},
    {"max(x, axis=1)", {kEmpty}, "(0,) float64"},
    {"mean(x, axis=0)", {kWhole}, "(3,) float64"},
    {"argmax(x, axis=0)", {kMatrix}, "(3,) int64"},
    {"argmax(x, keepdims=True)", {kMatrix}, "(1, 1) int64"},
    {"cumsum(x, axis=1)", {kTrue}, "(4, 3) int64"},
    {"cumsum(x)", {kMatrix}, "(12,) float64"},
    {"x @ y", {kMatrix, kVector}, "(4,) float64"},
    {"x @ y", {kVector, kVector}, "() float64"},
    {"x @ y", {{{5, 1, 4, 3}}, {{2, 3, 6}}}, "(5, 2, 4, 6) float64"},
    {"x @ y.T", {kTrue, kTrue}, "(4, 4) bool"},
    {"x @ y.T", {kWhole, kTrue}, "(4, 4) int64"},
    {"dot(x, y)", {{{5, 4, 3}}, {{2, 3, 6}}}, "(5, 4, 2, 6) float64"},
    {"outer(x, y)", {kMatrix, kVector}, "(12, 3) float64"},
    {"reshape(x, -1)", {kScalar}, "(1,) float64"},
    {"reshape(x, [-1, 3])", {kEmpty}, "(0, 3) float64"},
    {"x.reshape(2, -1, 3)", {kMatrix}, "(2, 2, 3) float64"},
    {"transpose(x)", {kStack}, "(3, 4, 2) float64"},
    {"x.transpose(0, 2, 1)", {kStack}, "(2, 3, 4) float64"},
    {"expand_dims(x, [0, -1])", {kVector}, "(1, 3, 1) float64"},
    {"squeeze(x[None, :1])", {kMatrix}, "(3,) float64"},
    {"concatenate([x, y], axis=-1)", {kMatrix, kWhole}, "(4, 6) float64"},
    {"concatenate([x > 0, y])", {kMatrix, kWhole}, "(8, 3) int64"},
    {"concatenate(x)", {kStack}, "(8, 3) float64"},
    {"stack([x, y, 1])", {kScalar, kScalar}, "(3,) float64"},
    {"split(x, 2)[1]", {kMatrix}, "(2, 3) float64"},
    {"split(x, [3, 1])[1]", {kMatrix}, "(0, 3) float64"},
    {"tile(x, [2, 1, 2])", {kMatrix}, "(2, 4, 6) float64"},
    {"x[1:, None, -1]", {kMatrix}, "(3, 1) float64"},
    {"x[::-2]", {kMatrix}, "(2, 3) float64"},
    {"x[y]", {kMatrix, kLabels}, "(4, 3) float64"},
    {"x[:, [[0, 1]]]", {kMatrix}, "(4, 1, 2) float64"},
    {"take(x, 2, axis=1)", {kMatrix}, "(4,) float64"},
    {"one_hot(x, 3)", {kLabels}, "(4, 3) float64"},
    {"tril(x)", {kVector}, "(3, 3) float64"},
    {"eye(2, 3)", {}, "(2, 3) float64"},
    {"arange(3)", {}, "(3,) int64"},
    {"arange(3.0)", {}, "(3,) float64"},
    {"arange(3, 0)", {}, "(0,) int64"},
    {"arange(0, 1, 0.25)", {}, "(4,) float64"},
    {"zeros(3)", {}, "(3,) float64"},
    {"full([2, 2], 7)", {}, "(2, 2) int64"},
    {"ones_like(x)", {kWhole}, "(4, 3) int64"},
    {"softmax(x, axis=0)", {kMatrix}, "(4, 3) float64"},
    {"softmax(x)", {kScalar}, "() float64"},
    {"cross_entropy(x, y)", {kMatrix, kLabels}, "() float64"},
    {"cross_entropy(x, y, reduction='none')", {kMatrix, kWhole}, "(4,) float64"},
    {"cross_entropy(input=x, target=y, dim=0)", {kMatrix, {{3}, 0, 3, kInteger}}, "() float64"},
};

TEST(ShapeRules, AreNumPys) {
  for (const Case& tested : kTypes) EXPECT_EQ(result_of(tested), tested.result) << tested.expression;
}

const std::vector<Case> kRefused = {
    {"x + y", {kMatrix, {{2}}}, "add: shapes (4, 3) and (2,) do not broadcast"},
    {"where(x > 0, y, 1)", {kMatrix, {{2, 3}}}, "where: shapes (4, 3) and (2, 3) do not broadcast"},
    {"x - y",
     {kTrue, kTrue},
     "subtract: two bool tensors have no difference; a != b is true where they differ"},
    {"-x", {kTrue}, "negative: a bool tensor has no negative; x == 0 is true where x is false"},
    {"x ** -1",
     {kWhole},
     "power: integers to negative integer powers are not allowed; a floating exponent gives a floating "
     "result: -1.0"},
    {"2 ** array([1, -2])",
     {},
     "power: integers to negative integer powers are not allowed; a floating exponent gives a floating "
     "result: -1.0"},
    {"reciprocal(x)",
     {kWhole},
     "reciprocal: of int64 numbers NumPy's is a whole number, mostly 0; 1 / x is floating"},
    {"sum(x, axis=2)", {kMatrix}, "sum: axis 2 is outside a tensor with 2 axes"},
    {"sum(x, axis=[0, -2])", {kMatrix}, "sum: an axis is named twice"},
    {"max(x)", {kEmpty}, "max: (0, 3) has no elements, of which none is extreme"},
    {"argmin(x, axis=0)", {kEmpty}, "argmin: (0, 3) has no elements along axis 0, of which none is extreme"},
    {"x @ y", {kMatrix, kMatrix}, "matmul: (4, 3) @ (4, 3): inner sizes 3 and 4 differ"},
    {"x @ y", {kMatrix, kScalar}, "matmul: (4, 3) @ (): a scalar has no axis to multiply along"},
    {"x @ y", {kStack, {{3, 3, 2}}}, "matmul: (2, 4, 3) @ (3, 3, 2): the leading axes do not broadcast"},
    {"dot(x, y)", {kMatrix, {{2, 4, 3}}}, "dot: (4, 3) . (2, 4, 3): inner sizes 3 and 4 differ"},
    {"reshape(x, [5, 2])", {kMatrix}, "reshape: (4, 3) has 12 elements, (5, 2) has 10"},
    {"reshape(x, [-1, 5])",
     {kMatrix},
     "reshape: the 12 elements of (4, 3) are no multiple of the other sizes' product 5"},
    {"reshape(x, [-1, -1])", {kMatrix}, "reshape: more than one size is -1"},
    {"reshape(x, [-2, 6])", {kMatrix}, "a shape holds the negative size -2"},
    {"broadcast_to(x, [3, 4])", {kMatrix}, "broadcast_to: (4, 3) does not broadcast to (3, 4)"},
    {"transpose(x, [0])", {kMatrix}, "transpose: 1 axis for a tensor of shape (4, 3)"},
    {"transpose(x, [0, 0])", {kMatrix}, "transpose: axis 0 is named twice"},
    {"squeeze(x, axis=0)", {kMatrix}, "squeeze: axis 0 of (4, 3) has size 4 and not 1"},
    {"concatenate([x, y])",
     {kMatrix, {{4, 2}}},
     "concatenate: shapes (4, 3) and (4, 2) differ in another axis than 0"},
    {"concatenate([x, y])",
     {kMatrix, kVector},
     "concatenate: shapes (4, 3) and (3,) differ in another axis than 0"},
    {"concatenate([x, y])",
     {kScalar, kScalar},
     "concatenate: a scalar has no axis; stack() makes one of scalars"},
    {"concatenate([])", {}, "concatenate: the list of tensors is empty"},
    {"stack([x, y])", {kMatrix, kVector}, "stack: shapes (4, 3) and (3,) differ"},
    {"split(x, 3)", {kMatrix}, "split: an axis of size 4 has no 3 equal parts"},
    {"split(x, 0)", {kMatrix}, "split: an axis of size 4 has no 0 equal parts"},
    {"tile(x, -1)", {kMatrix}, "tile: -1 repetitions"},
    {"tile(x, 1099511627776)", {kMatrix}, "shape (4, 1099511627776, 3) has more than 1099511627776 elements"},
    {"take(x, [3], axis=1)", {kMatrix}, "take: index 3 is out of bounds for axis 1 of size 3"},
    {"take(x, y)", {kMatrix, kVector}, "take: the indices are float64 and not integers"},
    {"one_hot(x, 3)", {kVector}, "one_hot: the indices are float64 and not integers"},
    {"one_hot([0, 3], 3)", {}, "one_hot: index 3 is out of bounds for classes of size 3"},
    {"one_hot(x, 0)", {kLabels}, "one_hot: there are 0 classes"},
    {"tril(x)", {kScalar}, "tril: () is no matrix, nor a stack of them"},
    {"eye(-1)", {}, "eye: a shape holds the negative size -1"},
    {"arange(0, 3, 0)", {}, "arange: the step is 0"},
    {"arange(inf)", {}, "arange: more than 1099511627776 elements"},
    {"arange(nan)", {}, "arange: more than 1099511627776 elements"},
    {"zeros([0, 4611686018427387904, 4])",
     {},
     "shape (0, 4611686018427387904, 4) has more than 1099511627776 elements"},
    {"clip(x)", {kMatrix}, "clip: there is neither a lower nor an upper bound"},
    {"gelu(x, approximate='erf')", {kMatrix}, "gelu: approximate is 'none' or 'tanh', and this is 'erf'"},
    {"softplus(x, beta=0)", {kMatrix}, "softplus: beta is 0"},
    {"softmax(x, axis=1)", {kScalar}, "softmax: axis 1 is outside a tensor with 0 axes"},
    {"cross_entropy(x, y)",
     {kMatrix, {{4, 1}, 0, 2, kInteger}},
     "cross_entropy: logits of shape (4, 3) need labels of shape (4,) or probabilities of their own shape, "
     "and "
     "the target is (4, 1)"},
    {"cross_entropy(x, y)", {kMatrix, {{4}}}, "cross_entropy: labels are integers, and these are float64"},
    {"mse(x, y, reduction='max')",
     {kMatrix, kMatrix},
     "mse: reduction is 'mean', 'sum' or 'none', and this is 'max'"},
};

TEST(ShapeRules, RefuseWhatNumPyRefuses) {
  for (const Case& tested : kRefused) EXPECT_EQ(result_of(tested), tested.result) << tested.expression;
}

/// The values of an expression over x, given as floating, and y, given as integers.
std::vector<double> values(const char* expression, std::vector<double> x, std::vector<double> y) {
  const Sample sample{
      expression,
      {{{static_cast<std::int64_t>(x.size())}}, {{static_cast<std::int64_t>(y.size())}, 0, 0, kInteger}}};
  Graph graph;
  const std::vector<Value> leaves = add_leaves(graph, sample);
  const Value result = sample.append(graph, leaves);
  const auto executor = make_reference_executor(
      graph, {{{leaves[0].id(), x.data()}, {leaves[1].id(), y.data()}}, {}, {result.id()}});
  executor->run();
  const auto* found = static_cast<const double*>(executor->value(result.id()));
  return {found, found + result.shape().elements()};
}

TEST(Indices, ThatAreOutsideWhenTheModelRunsGiveNaNAndReadNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> outside = {3, -4, 1e15, -1e15, nan};
  for (double value : values("take(x, y)", {1, 2, 3}, outside)) EXPECT_TRUE(std::isnan(value));
  for (double value : values("one_hot(y, 3) + sum(x)", {1, 2, 3}, outside)) EXPECT_TRUE(std::isnan(value));
  EXPECT_TRUE(std::isnan(values("cross_entropy(x[None], y)", {1, 2, 3}, {3})[0]));
  EXPECT_EQ(values("take(y, y)", {1}, {1, 7}), (std::vector<double>{7, 0})) << "an integer cannot be NaN";
}

TEST(Indices, CountFromTheEndWhereTheyAreNegative) {
  EXPECT_EQ(values("take(x, y)", {1, 2, 3}, {-1, -3}), (std::vector<double>{3, 1}));
  EXPECT_EQ(values("one_hot(y, 2)[:, 1] + 0 * x", {1, 2}, {-1, -2}), (std::vector<double>{1, 0}));
}

}  // namespace
}  // namespace talweg
