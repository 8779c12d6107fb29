#include "ops/samples.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>

#include "graph/op.hpp"
#include "model/evaluator.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

const char* const kNames[] = {"x", "y", "z"};

class InputScope final : public Scope {
 public:
  explicit InputScope(const std::vector<Value>& values) : values_(values) {}
  [[nodiscard]] std::optional<Operand> find(const std::string& name, const Span&) override {
    for (std::size_t i = 0; i < std::min(values_.size(), std::size(kNames)); ++i)
      if (name == kNames[i]) return Operand{values_[i]};
    return std::nullopt;
  }
  [[nodiscard]] std::vector<std::string> names() const override { return {"x", "y", "z"}; }

 private:
  const std::vector<Value>& values_;
};

/// The places of nodes point into it.
const Source& source_of(const std::string& expression) {
  static std::map<std::string, std::unique_ptr<Source>> sources;
  std::unique_ptr<Source>& source = sources[expression];
  if (source == nullptr) source = std::make_unique<Source>("sample", expression);
  return *source;
}

struct Range {
  double low = -2, high = 2;
};

struct Elementwise {
  const char* expression;
  std::vector<Range> ranges;
  bool stops_gradients = false;
};

const std::vector<Elementwise> kElementwise = {
    {"-x", {{}}},
    {"negative(x)", {{}}},
    {"abs(x)", {{}}},
    {"sign(x)", {{}}},
    {"square(x)", {{}}},
    {"sqrt(x)", {{0.2, 3}}},
    {"reciprocal(x)", {{0.3, 2}}},
    {"reciprocal(x)", {{-2, -0.3}}},
    {"exp(x)", {{}}},
    {"expm1(x)", {{}}},
    {"log(x)", {{0.2, 3}}},
    {"log1p(x)", {{-0.7, 2}}},
    {"erf(x)", {{}}},
    {"sin(x)", {{}}},
    {"cos(x)", {{}}},
    {"tan(x)", {{-1, 1}}},
    {"arcsin(x)", {{-0.8, 0.8}}},
    {"arccos(x)", {{-0.8, 0.8}}},
    {"arctan(x)", {{}}},
    {"sinh(x)", {{}}},
    {"cosh(x)", {{}}},
    {"tanh(x)", {{}}},
    {"floor(x)", {{}}},
    {"ceil(x)", {{}}},
    {"round(x)", {{}}},
    {"stop_gradient(x)", {{}}, true},
    {"sigmoid(x)", {{}}},
    {"relu(x)", {{}}},
    {"leaky_relu(x)", {{}}},
    {"leaky_relu(x, negative_slope=0.3)", {{}}},
    {"elu(x)", {{}}},
    {"elu(x, alpha=1.5)", {{}}},
    {"gelu(x)", {{}}},
    {"gelu(x, approximate='tanh')", {{}}},
    {"silu(x)", {{}}},
    {"softplus(x)", {{}}},
    {"softplus(x, beta=2, threshold=1.5)", {{}}},
    {"zeros_like(x)", {{}}},
    {"ones_like(x)", {{}}},
    {"x ** 0", {{}}},
    {"x ** 1", {{}}},
    {"x ** 2", {{}}},
    {"x ** 3", {{}}},
    {"x ** 0.5", {{0.2, 3}}},
    {"x ** -1.5", {{0.3, 2}}},
    {"2 ** x", {{}}},
    {"clip(x, -1, 1)", {{}}},
    {"clip(x, a_max=0.5)", {{}}},
    {"add(x, y)", {{}, {}}},
    {"subtract(x, y)", {{}, {}}},
    {"multiply(x, y)", {{}, {}}},
    {"divide(x, y)", {{}, {0.5, 2}}},
    {"x // y", {{}, {0.9, 2}}},
    {"floor_divide(x, y)", {{}, {0.9, 2}}},
    {"x % 0.75", {{}}},
    {"remainder(x, y)", {{0.2, 0.8}, {0.9, 2}}},
    {"power(x, y)", {{0.3, 2}, {}}},
    {"maximum(x, y)", {{}, {}}},
    {"minimum(x, y)", {{}, {}}},
    {"clip(x, y, 0.5)", {{}, {}}},
    {"mse(x, y)", {{}, {}}},
    {"mse(x, y, reduction='none')", {{}, {}}},
    {"equal(x, y)", {{}, {}}},
    {"not_equal(x, y)", {{}, {}}},
    {"less(x, y)", {{}, {}}},
    {"less_equal(x, y)", {{}, {}}},
    {"greater(x, y)", {{}, {}}},
    {"greater_equal(x, y)", {{}, {}}},
    {"where(x > 0, y, z)", {{}, {}, {}}},
    {"clip(x, y, z)", {{}, {}, {}}},
};

/// Shapes of one, two and three inputs: the same, scalar, row, column, leading axes missing, axes of size 1,
/// and both sides broadcast.
const std::vector<std::vector<std::vector<Shape>>> kBroadcasts = {{{{}}, {{1}}, {{3}}, {{2, 3}}, {{2, 1, 3}}},
                                                                  {{{}, {}},
                                                                   {{2, 3}, {2, 3}},
                                                                   {{2, 3}, {}},
                                                                   {{}, {2, 3}},
                                                                   {{2, 3}, {3}},
                                                                   {{3}, {2, 3}},
                                                                   {{2, 3}, {2, 1}},
                                                                   {{2, 1}, {2, 3}},
                                                                   {{2, 1}, {1, 3}},
                                                                   {{1, 3}, {2, 1}},
                                                                   {{2, 1}, {3}},
                                                                   {{1, 1}, {2, 3}},
                                                                   {{2, 2, 3}, {2, 3}},
                                                                   {{2, 1, 3}, {2, 1}},
                                                                   {{3}, {2, 2, 1}}},
                                                                  {{{}, {}, {}},
                                                                   {{2, 3}, {2, 3}, {2, 3}},
                                                                   {{2, 3}, {}, {2, 3}},
                                                                   {{}, {2, 3}, {3}},
                                                                   {{2, 1}, {3}, {}},
                                                                   {{3}, {2, 1}, {1, 1}},
                                                                   {{1, 3}, {2, 1}, {2, 3}},
                                                                   {{2, 1, 3}, {2, 1}, {}},
                                                                   {{3}, {2, 2, 3}, {2, 1, 1}}}};

const SampleInput kVector{{4}}, kMatrix{{3, 4}}, kStack{{2, 3, 4}}, kProduct{{2, 3, 2}, -1.5, 1.5};
const SampleInput kImages{{2, 2, 3, 4}};
const SampleInput kLabels{{2, 3}, 0, 3, DType::int64}, kIndices{{5}, -2, 2, DType::int64};

/// Those of a convolution with stride 2 and padding 1 whose gradient by a tensor of that shape is sought.
Attributes convolution_attributes(const Integers& shape) {
  return {{"stride", Integers{2, 2}},
          {"padding", Integers{1, 0}},
          {"dilation", Integers{2, 1}},
          {"groups", std::int64_t{1}},
          {"shape", shape}};
}

const std::vector<Sample> kOthers = {
    // Reductions
    {"sum(x)", {kStack}},
    {"sum(x, axis=1)", {kStack}},
    {"sum(x, axis=[0, -1], keepdims=True)", {kStack}},
    {"sum(x)", {{{}}}},
    {"prod(x)", {kProduct}},
    {"prod(x, axis=0)", {kProduct}},
    {"prod(x, axis=[0, 2])", {kProduct}},
    {"prod(x, axis=-2, keepdims=True)", {kProduct}},
    {"prod(x)", {{{}}}},
    {"prod(x * where(arange(3)[:, None] == 1, 0, 1), axis=1)", {kProduct}},
    {"prod(x * where(arange(4) >= 2, 0, 1))", {kVector}},
    {"max(x)", {kStack}},
    {"max(x, axis=1)", {kStack}},
    {"max(x, axis=[0, 2], keepdims=True)", {kStack}},
    {"min(x)", {kStack}},
    {"min(x, axis=-1)", {kStack}},
    {"mean(x)", {kStack}},
    {"mean(x, axis=[0, 1])", {kStack}},
    {"var(x)", {kStack}},
    {"var(x, axis=1, ddof=1)", {kStack}},
    {"std(x)", {kStack}},
    {"std(x, axis=[0, 2], ddof=1, keepdims=True)", {kStack}},
    {"logsumexp(x)", {kStack}},
    {"logsumexp(x, axis=-1)", {kStack}},
    {"logsumexp(x, axis=[0, 1], keepdims=True)", {kStack}},
    {"argmax(x, axis=1)", {kStack}},
    {"argmin(x, axis=-1, keepdims=True)", {kStack}},
    {"cumsum(x)", {kMatrix}},
    {"cumsum(x, axis=1)", {kStack}},
    // Products
    {"matmul(x, y)", {kVector, kVector}},
    {"matmul(x, y)", {kMatrix, kVector}},
    {"matmul(x, y)", {{{3}}, kMatrix}},
    {"matmul(x, y)", {kMatrix, {{4, 2}}}},
    {"matmul(x, y)", {kStack, {{4, 2}}}},
    {"matmul(x, y)", {{{2, 3}}, {{2, 3, 2}}}},
    {"matmul(x, y)", {{{2, 2, 3}}, {{2, 3, 2}}}},
    {"matmul(x, y)", {{{2, 1, 2, 3}}, {{2, 3, 2}}}},
    {"matmul(x, y)", {{{1, 2, 3}}, {{2, 3, 2}}}},
    {"matmul(x, y)", {{{3}}, {{2, 3, 2}}}},
    {"matmul(x, y)", {kStack, kVector}},
    {"x @ x.T", {kMatrix}},
    {"dot(x, y)", {kVector, kVector}},
    {"dot(x, y)", {{{}}, kMatrix}},
    {"dot(x, y)", {kMatrix, {{4, 2}}}},
    {"dot(x, y)", {{{2, 3}}, {{2, 3, 2}}}},
    {"dot(x, y)", {{{3}}, {{2, 3, 2}}}},
    {"outer(x, y)", {{{2, 2}}, {{3}}}},
    {"einsum('ij,jk->ik', x, y)", {kMatrix, {{4, 2}}}},
    {"einsum('bij,bkj->kbi', x, y)", {kStack, {{2, 2, 4}}}},
    {"einsum('ii->i', x)", {{{3, 3}}}},
    {"einsum('...i,j,i->j...', x, y, z)", {kMatrix, {{2}}, kVector}},
    // Layout
    {"reshape(x, [4, -1])", {kStack}},
    {"broadcast_to(x, [2, 3, 4])", {{{3, 1}}}},
    {"transpose(x)", {kStack}},
    {"transpose(x, [1, -1, 0])", {kStack}},
    {"x.T", {kMatrix}},
    {"expand_dims(x, [0, -1])", {kMatrix}},
    {"squeeze(x)", {{{1, 3, 1}}}},
    {"squeeze(x, axis=-1)", {{{1, 3, 1}}}},
    {"concatenate([x, y])", {kMatrix, {{2, 4}}}},
    {"concatenate([x, y, x], axis=-1)", {kMatrix, {{3, 1}}}},
    {"stack([x, y])", {kMatrix, kMatrix}},
    {"stack([x, y, x], axis=-1)", {kMatrix, kMatrix}},
    {"split(x, 3)[1]", {kMatrix}},
    {"split(x, [1, -1], axis=1)[1]", {kMatrix}},
    {"tile(x, 2)", {kMatrix}},
    {"tile(x, [2, 1, 3])", {{{2, 1}}}},
    // Parts
    {"x[1]", {kStack}},
    {"x[1:, ..., ::2]", {kStack}},
    {"x[::-2, 3:0:-1]", {kMatrix}},
    {"x[:, None, -1]", {kMatrix}},
    {"x[[2, 0, 2]]", {kMatrix}},
    {"take(x, y)", {kMatrix, kIndices}},
    {"take(x, y, axis=1)", {kStack, {{2, 2}, -3, 2, DType::int64}}},
    {"one_hot(x, 4)", {kLabels}},
    {"take_along_axis(x, y, axis=1)", {kStack, {{2, 2, 4}, -3, 2, DType::int64}}},
    {"take_along_axis(x, y, axis=-1)", {kMatrix, {{1, 5}, -4, 3, DType::int64}}},
    {"gelu_derivative",
     {{}},
     [](const std::vector<Value>& inputs) { return apply("gelu_derivative", inputs[0]); }},
    {"take_along_axis_adjoint",
     {{{2, 3, 2}}, {{2, 3, 2}, -2, 1, DType::int64}},
     [](const std::vector<Value>& inputs) {
       return emit("take_along_axis_adjoint", inputs, {{"axis", std::int64_t{1}}, {"size", std::int64_t{2}}});
     }},
    {"slice_adjoint",
     {{{2, 2}}},
     [](const std::vector<Value>& inputs) {
       return emit("slice_adjoint", inputs,
                   {{"starts", Integers{2, 0}}, {"steps", Integers{-2, 1}}, {"shape", Integers{3, 4}}});
     }},
    {"take_adjoint",
     {{{2, 5, 2}}, kIndices},
     [](const std::vector<Value>& inputs) {
       return emit("take_adjoint", inputs, {{"axis", std::int64_t{1}}, {"size", std::int64_t{3}}});
     }},
    // Made of a rule
    {"tril(x)", {kMatrix}},
    {"tril(x, k=-1)", {kStack}},
    {"tril(x)", {kVector}},
    {"x * eye(3, 4, k=1)", {kMatrix}},
    {"x * arange(4)", {kMatrix}},
    {"x * zeros([3, 4]) + ones(4) + full([3, 1], 2.5)", {kMatrix}},
    {"x * [1.5, 2.5, 3.5, 4.5]", {kMatrix}},
    // Windows
    {"conv2d(x, y)", {kImages, {{3, 2, 2, 3}}}},
    {"conv2d(x, y, z, stride=[2, 1], padding=[1, 2], dilation=[1, 2])", {kImages, {{3, 2, 2, 2}}, {{3}}}},
    {"conv2d(x, y, groups=2, padding=1)", {kImages, {{4, 1, 3, 2}}}},
    {"conv1d(x, y, z, stride=2, padding=1, dilation=2)", {{{2, 2, 7}}, {{3, 2, 3}}, {{3}}}},
    {"conv2d(x, y, stride=[2, 1], padding='same')", {kImages, {{3, 2, 3, 2}}}},
    {"conv1d(x, y, padding='same')", {{{2, 2, 5}}, {{3, 2, 4}}}},
    {"conv_transpose2d(x, y, z, stride=2, padding=[1, 0], output_padding=[1, 0])",
     {kImages, {{2, 3, 2, 3}}, {{3}}}},
    {"conv2d_input_adjoint",
     {{{1, 3, 2, 2}}, {{3, 2, 2, 2}}},
     [](const std::vector<Value>& inputs) {
       return emit("conv2d_input_adjoint", inputs, convolution_attributes({1, 2, 4, 4}));
     }},
    {"conv2d_weight_adjoint",
     {{{2, 3, 2, 2}}, {{2, 2, 4, 4}}},
     [](const std::vector<Value>& inputs) {
       return emit("conv2d_weight_adjoint", inputs, convolution_attributes({3, 2, 2, 2}));
     }},
    {"max_pool2d(x, 2)", {kImages}},
    {"max_pool2d(x, [3, 2], stride=1, padding=1, dilation=[1, 2])", {kImages}},
    {"max_pool1d(x, 3, stride=2, padding=1)", {kStack}},
    {"avg_pool2d(x, 2)", {kImages}},
    {"avg_pool2d(x, [3, 2], stride=1, padding=1, count_include_pad=False)", {kImages}},
    {"avg_pool1d(x, 2, padding=1)", {kStack}},
    {"max_pool2d(x, 2, stride=1, padding='same')", {kImages}},
    {"max_pool2d(x, 2, ceil_mode=True)", {kImages}},
    {"avg_pool2d(x, 2, stride=1, padding='same', count_include_pad=False)", {kImages}},
    {"avg_pool2d(x, [3, 2], stride=2, ceil_mode=True)", {kImages}},
    {"sum_pool2d_adjoint",
     {{{2, 3, 4}}},
     [](const std::vector<Value>& inputs) {
       return emit("sum_pool2d_adjoint", inputs,
                   {{"kernel", Integers{2, 1}},
                    {"stride", Integers{1, 1}},
                    {"padding", Integers{1, 0}},
                    {"dilation", Integers{2, 1}},
                    {"image", Integers{3, 4}}});
     }},
    {"pad(x, 1)", {kMatrix}},
    {"pad(x, [[0, 2], [1, 0]], constant_values=1.5)", {kMatrix}},
    {"pad(x, [1, 2], mode='edge')", {kMatrix}},
    {"pad(x, 5, mode='reflect')", {kMatrix}},
    {"pad(x, 5, mode='symmetric')", {kMatrix}},
    {"pad(x, 5, mode='wrap')", {kMatrix}},
    // Random
    {"x * rand_like(x)", {kMatrix}},
    {"x * rand(3, 4)", {kMatrix}},
    {"x * randn_like(x)", {kMatrix}},
    {"x + randn([3, 1])", {kMatrix}},
    // Losses
    {"softmax(x)", {kStack}},
    {"softmax(x, axis=1)", {kStack}},
    {"log_softmax(x)", {kStack}},
    {"log_softmax(x, axis=0)", {kStack}},
    {"cross_entropy(x, y)", {kStack, kLabels}},
    {"cross_entropy(x, y, axis=1, reduction='sum')", {kStack, {{2, 4}, 0, 2, DType::int64}}},
    {"cross_entropy(x, softmax(y))", {kMatrix, kMatrix}},
    {"cross_entropy(x, softmax(y), label_smoothing=0.2, reduction='sum')", {kMatrix, kMatrix}},
    {"cross_entropy(x, y, label_smoothing=0.1, ignore_index=2)", {kStack, kLabels}},
    {"cross_entropy(x, y, weight=z)", {kStack, kLabels, {{4}, 0.5, 1.5}}},
    {"cross_entropy(x, y, weight=z, label_smoothing=0.1, ignore_index=2)",
     {kStack, kLabels, {{4}, 0.5, 1.5}}},
    {"cross_entropy(x, softmax(y), weight=z)", {kMatrix, kMatrix, {{4}, 0.5, 1.5}}},
    {"mae(x, y)", {kMatrix, {{4}}}},
    {"huber(x, y, delta=0.7)", {kMatrix, {{4}}}},
    {"binary_cross_entropy_with_logits(x, y)", {kMatrix, {{4}, 0.1, 0.9}}},
    {"binary_cross_entropy_with_logits(x, y, pos_weight=z)", {kMatrix, {{4}, 0.1, 0.9}, {{4}, 0.5, 1.5}}},
    {"kl_divergence(x, y)", {kMatrix, {{4}, 0.2, 0.9}}},
    {"kl_divergence(x, y, log_target=True, reduction='batchmean')", {kMatrix, {{4}}}},
    {"hinge(x, y)", {kMatrix, {{4}}}},
};

std::vector<Sample> make_samples() {
  register_ops();
  std::vector<Sample> result = kOthers;
  for (const Elementwise& elementwise : kElementwise)
    for (const std::vector<Shape>& shapes : kBroadcasts[elementwise.ranges.size() - 1]) {
      Sample sample{elementwise.expression, {}, nullptr, elementwise.stops_gradients};
      for (std::size_t i = 0; i < shapes.size(); ++i)
        sample.inputs.push_back({shapes[i], elementwise.ranges[i].low, elementwise.ranges[i].high});
      result.push_back(std::move(sample));
    }
  return result;
}

}  // namespace

Value Sample::append(Graph& graph, const std::vector<Value>& values) const {
  if (build != nullptr) return build(values);
  InputScope scope(values);
  return to_tensor(graph, evaluate(parse_expression(scalar_document(source_of(expression))), scope, graph));
}

std::string to_string(const Sample& sample) {
  std::string text = sample.expression + " of ";
  for (const SampleInput& input : sample.inputs)
    text += (&input == sample.inputs.data() ? "" : ", ") + to_string(input.shape);
  return text;
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> kSamples = make_samples();
  return kSamples;
}

std::vector<Value> add_leaves(Graph& graph, const Sample& sample) {
  std::vector<Value> leaves;
  for (const SampleInput& input : sample.inputs) {
    const DType dtype = is_floating(input.dtype) ? graph.floating() : input.dtype;
    leaves.push_back(graph.add_leaf("data", kNames[leaves.size()], input.shape, dtype));
  }
  return leaves;
}

std::vector<double> values_of(const SampleInput& input, std::size_t position) {
  constexpr std::size_t kCells = 32;
  const double spacing = (input.high - input.low) / static_cast<double>(kCells);
  std::vector<double> values;
  for (std::size_t i = 0; i < static_cast<std::size_t>(input.shape.elements()); ++i) {
    if (!is_floating(input.dtype)) {
      const auto number = static_cast<std::size_t>(input.high - input.low) + 1;
      values.push_back(input.low + static_cast<double>((i * 5 + 1) % number));
      continue;
    }
    // 13 and 32 have no common divisor, so that a cell comes back after all others.
    const auto cell = static_cast<double>((i * 13 + position * 5 + 7) % kCells);
    const double within = 0.25 * static_cast<double>(position + 1) + 0.04 * std::sin(static_cast<double>(i));
    values.push_back(input.low + spacing * (cell + within));
  }
  return values;
}

}  // namespace talweg
