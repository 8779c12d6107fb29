// Convolution over the last two axes, and what its gradients consist of. The three are one product of three
// tensors, each summed over what the others leave: the gradients of each are the other two.

#include "ops/convolution.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr int kRank = 4;

Convolution convolution(const Shape& x, const Shape& w, const Attributes& attributes) {
  return {x[0], x[1], w[0], attributes.integer("groups"), window_axes(plane_of(x), plane_of(w), attributes)};
}

Shape output_shape(const Convolution& sizes) {
  return {sizes.n, sizes.filters, sizes.axes[0].output(), sizes.axes[1].output()};
}

void check_groups(const Shape& x, const Shape& w, std::int64_t groups) {
  if (x[1] != w[1] * groups)
    throw Error(Status::model, std::to_string(x[1]) + " channels of x, and w is " + to_string(w) +
                                   ", which with " + count(groups, "group") + " takes " +
                                   std::to_string(w[1] * groups));
  if (w[0] % groups != 0)
    throw Error(Status::model, std::to_string(w[0]) + " filters cannot be divided into " +
                                   std::to_string(groups) + " groups");
}

bool are_images(const Shape& x, const Shape& w) { return x.rank() == kRank && w.rank() == kRank; }

Inferred infer_conv2d(const InferCall& call) {
  const Shape &x = call.shape(0), &w = call.shape(1);
  if (!are_images(x, w))
    throw Error(Status::model, "x is " + to_string(x) + " and w " + to_string(w) +
                                   ", which should be (n, channels, rows, columns) and (filters, channels "
                                   "per group, rows, columns)");
  check_groups(x, w, call.attributes.integer("groups"));
  return {output_shape(convolution(x, w, call.attributes)), call.graph.floating()};
}

/// Shape of an adjoint: the attribute "shape". The gradient has to be what the convolution would give.
Inferred adjoint(const InferCall& call, const Shape& x, const Shape& w, const Shape& result) {
  if (!(output_shape(convolution(x, w, call.attributes)) == call.shape(0)))
    throw Error(Status::model, "a convolution of " + to_string(x) + " by " + to_string(w) +
                                   " does not give " + to_string(call.shape(0)));
  return {result, call.graph.floating()};
}

Inferred infer_input_adjoint(const InferCall& call) {
  const Shape x = Shape::checked(call.attributes.integers("shape"));
  return adjoint(call, x, call.shape(1), x);
}

Inferred infer_weight_adjoint(const InferCall& call) {
  const Shape w = Shape::checked(call.attributes.integers("shape"));
  return adjoint(call, call.shape(1), w, w);
}

/// Calls visit(x, w, y) for every product of an element of x with one of w that is a term of one of y, by
/// their positions: y[n, f, o] is the sum over c and k of x[n, c, o * stride - padding + k * dilation] w[f,
/// c, k].
template <class Visit>
void each_term(const Convolution& sizes, Visit visit) {
  const auto& [rows, columns] = sizes.axes;
  std::int64_t y = 0;
  for (std::int64_t n = 0; n < sizes.n; ++n)
    for (std::int64_t f = 0; f < sizes.filters; ++f)
      for (std::int64_t row = 0; row < rows.output(); ++row)
        for (std::int64_t column = 0; column < columns.output(); ++column, ++y) {
          const std::int64_t first = f / sizes.group_filters() * sizes.group_channels();
          for (std::int64_t c = 0; c < sizes.group_channels(); ++c)
            for (std::int64_t i = 0; i < rows.kernel; ++i)
              for (std::int64_t j = 0; j < columns.kernel; ++j) {
                if (!rows.covers(row, i) || !columns.covers(column, j)) continue;
                const std::int64_t x =
                    ((n * sizes.channels + first + c) * rows.input + rows.at(row, i)) * columns.input +
                    columns.at(column, j);
                const std::int64_t w =
                    ((f * sizes.group_channels() + c) * rows.kernel + i) * columns.kernel + j;
                visit(x, w, y);
              }
        }
}

/// Sums the products of both inputs by the place of the result that they belong to.
template <class T, class Places>
void sum_terms(const ReferenceCall<T>& call, Places places) {
  std::vector<double> totals(static_cast<std::size_t>(call.output.shape.elements()), 0);
  each_term(convolution_of(call.node, call.inputs[0].shape, call.inputs[1].shape),
            [&](std::int64_t x, std::int64_t w, std::int64_t y) {
              const auto [to, a, b] = places(x, w, y);
              totals[static_cast<std::size_t>(to)] +=
                  static_cast<double>(call.inputs[0].data[a]) * static_cast<double>(call.inputs[1].data[b]);
            });
  std::ranges::transform(totals, call.output.data, [](double total) { return static_cast<T>(total); });
}

using Places = std::array<std::int64_t, 3>;

template <class T>
void conv2d_kernel(const ReferenceCall<T>& call) {
  sum_terms(call, [](std::int64_t x, std::int64_t w, std::int64_t y) { return Places{y, x, w}; });
}

template <class T>
void input_adjoint_kernel(const ReferenceCall<T>& call) {
  sum_terms(call, [](std::int64_t x, std::int64_t w, std::int64_t y) { return Places{x, y, w}; });
}

template <class T>
void weight_adjoint_kernel(const ReferenceCall<T>& call) {
  sum_terms(call, [](std::int64_t x, std::int64_t w, std::int64_t y) { return Places{w, y, x}; });
}

Attributes options(const Attributes& attributes) {
  return {{"stride", attributes.integers("stride")},
          {"padding", attributes.integers("padding")},
          {"dilation", attributes.integers("dilation")},
          {"groups", attributes.integer("groups")}};
}

Value emit_conv2d(const GradientCall& call, Value x, Value w) {
  return emit("conv2d", {x, w}, options(call.attributes()));
}

Value emit_adjoint(const GradientCall& call, const char* op, Value y, Value other, const Shape& shape) {
  Attributes attributes = options(call.attributes());
  attributes.set("shape", Integers(shape.begin(), shape.end()));
  return emit(op, {y, other}, std::move(attributes));
}

Value input_adjoint(const GradientCall& call, Value y, Value w, Value x) {
  return emit_adjoint(call, "conv2d_input_adjoint", y, w, x.shape());
}

Value weight_adjoint(const GradientCall& call, Value y, Value x, Value w) {
  return emit_adjoint(call, "conv2d_weight_adjoint", y, x, w.shape());
}

Values conv2d_gradient(const GradientCall& call) {
  const Value x = call.input(0), w = call.input(1), y = call.gradient;
  return {call.needed[0] ? input_adjoint(call, y, w, x) : Value(),
          call.needed[1] ? weight_adjoint(call, y, x, w) : Value()};
}

Values input_adjoint_gradient(const GradientCall& call) {
  const Value y = call.input(0), w = call.input(1), x = call.gradient;
  return {call.needed[0] ? emit_conv2d(call, x, w) : Value(),
          call.needed[1] ? weight_adjoint(call, y, x, w) : Value()};
}

Values weight_adjoint_gradient(const GradientCall& call) {
  const Value y = call.input(0), x = call.input(1), w = call.gradient;
  return {call.needed[0] ? emit_conv2d(call, x, w) : Value(),
          call.needed[1] ? input_adjoint(call, y, w, x) : Value()};
}

std::int64_t groups_of(const Arguments& arguments, const std::string& function) {
  const std::int64_t groups = arguments.integer("groups", 1);
  if (groups < 1 || groups > Shape::kMaximumElements)
    throw Error(Status::model, function + ": groups is at least 1, and this is " + std::to_string(groups));
  return groups;
}

/// y and a number for each of its channels.
Value with_bias(const std::string& function, Value y, const Arguments& arguments) {
  if (!arguments.has("bias")) return y;
  const Value bias = arguments.tensor("bias");
  const std::int64_t channels = y.shape()[1];
  if (!(bias.shape() == Shape{channels}))
    throw Error(Status::model, function + ": the bias is " + to_string(bias.shape()) + " and not " +
                                   to_string(Shape{channels}) + ", one number for each filter");
  return y + reshape(bias, {channels, 1, 1});
}

Value convolved(const std::string& function, Value x, Value w, const Arguments& arguments,
                const WindowMoves& moves, const WindowPadding& padding) {
  const Value y = emit("conv2d", {extended(x, padding.more, 0), w},
                       {{"stride", moves.stride},
                        {"padding", padding.both},
                        {"dilation", moves.dilation},
                        {"groups", groups_of(arguments, function)}});
  return with_bias(function, y, arguments);
}

Result conv2d(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), w = arguments.tensor("w");
  const Integers stride = pair_argument(arguments, "conv2d", "stride", 1, {1, 1}),
                 dilation = pair_argument(arguments, "conv2d", "dilation", 1, {1, 1});
  // What are no images, the op refuses.
  WindowPadding padding{{0, 0}, {0, 0}};
  WindowMoves moves{{1, 1}, stride, dilation};
  if (are_images(x.shape(), w.shape())) {
    const auto [rows, columns] = plane_of(w.shape());
    moves.kernel = {rows, columns};
    padding = padding_argument(arguments, "conv2d", plane_of(x.shape()), moves);
  }
  return convolved("conv2d", x, w, arguments, moves, padding);
}

/// Of x (n, channels, length) and w (filters, channels / groups, length): both have one row.
Result conv1d(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), w = arguments.tensor("w");
  if (x.rank() != kRank - 1 || w.rank() != kRank - 1)
    throw Error(Status::model, "conv1d: x is " + to_string(x.shape()) + " and w " + to_string(w.shape()) +
                                   ", which should be (n, channels, length) and (filters, channels per "
                                   "group, length)");
  const auto row = [](Value v) { return reshape(v, {v.shape()[0], v.shape()[1], 1, v.shape()[2]}); };
  const auto along = [&](const char* name) {
    return Integers{1, pair_argument(arguments, "conv1d", name, 1, {1, 1})[1]};
  };
  const WindowMoves moves{{1, w.shape()[2]}, along("stride"), along("dilation")};
  WindowPadding padding = padding_argument(arguments, "conv1d", {1, x.shape()[2]}, moves);
  padding.both[0] = 0;
  const Value y = convolved("conv1d", row(x), row(w), arguments, moves, padding);
  return reshape(y, {y.shape()[0], y.shape()[1], y.shape()[3]});
}

/// Along each axis (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1, of which a
/// convolution makes `size` again.
Result conv_transpose2d(const Arguments& arguments) {
  const std::string name = "conv_transpose2d";
  const Value x = arguments.tensor("x"), w = arguments.tensor("w");
  if (!are_images(x.shape(), w.shape()) || x.shape()[1] != w.shape()[0])
    throw Error(Status::model, name + ": x is " + to_string(x.shape()) + " and w " + to_string(w.shape()) +
                                   ", which should be (n, channels, rows, columns) and (channels, filters "
                                   "per group, rows, columns)");
  const auto pair = [&](const char* argument, std::int64_t least) {
    return pair_argument(arguments, name, argument, least, {least, least});
  };
  const Integers stride = pair("stride", 1), padding = pair("padding", 0), dilation = pair("dilation", 1),
                 more = pair("output_padding", 0);
  const std::int64_t groups = groups_of(arguments, name);
  Integers shape{x.shape()[0], w.shape()[1] * groups};
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (more[i] >= stride[i])
      throw Error(Status::model, name + ": output_padding is less than the stride " +
                                     std::to_string(stride[i]) + ", and this is " + std::to_string(more[i]));
    shape.push_back((plane_of(x.shape())[i] - 1) * stride[i] - 2 * padding[i] +
                    dilation[i] * (plane_of(w.shape())[i] - 1) + more[i] + 1);
  }
  const Value y = emit("conv2d_input_adjoint", {x, w},
                       {{"stride", stride},
                        {"padding", padding},
                        {"dilation", dilation},
                        {"groups", groups},
                        {"shape", std::move(shape)}});
  return with_bias(name, y, arguments);
}

}  // namespace

Convolution convolution_of(const Node& node, const Shape& first, const Shape& second) {
  if (node.op->name == "conv2d") return convolution(first, second, node.attributes);
  const Shape result(node.attributes.integers("shape"));
  const bool of_input = node.op->name == "conv2d_input_adjoint";
  return convolution(of_input ? result : second, of_input ? second : result, node.attributes);
}

void register_convolution() {
  OpRegistry& ops = OpRegistry::instance();
  ops.add({.name = "conv2d",
           .formula = "sums of x under each position of the windows w",
           .shape = infer_conv2d,
           .differentiable = Differentiable::yes,
           .gradient = conv2d_gradient,
           .reference_float32 = conv2d_kernel<float>,
           .reference_float64 = conv2d_kernel<double>});
  ops.add({.name = "conv2d_input_adjoint",
           .formula = "the gradient of a conv2d by x, of a gradient by its result and of w",
           .shape = infer_input_adjoint,
           .differentiable = Differentiable::yes,
           .gradient = input_adjoint_gradient,
           .reference_float32 = input_adjoint_kernel<float>,
           .reference_float64 = input_adjoint_kernel<double>});
  ops.add({.name = "conv2d_weight_adjoint",
           .formula = "the gradient of a conv2d by w, of a gradient by its result and of x",
           .shape = infer_weight_adjoint,
           .differentiable = Differentiable::yes,
           .gradient = weight_adjoint_gradient,
           .reference_float32 = weight_adjoint_kernel<float>,
           .reference_float64 = weight_adjoint_kernel<double>});

  FunctionRegistry& functions = FunctionRegistry::instance();
  std::vector<FunctionParameter> parameters = {{"x", ArgumentKind::tensor, true, "", "input"},
                                               {"w", ArgumentKind::tensor, true, "", "weight"},
                                               {"bias", ArgumentKind::tensor, false, "None"}};
  for (const FunctionParameter& parameter : window_parameters("1")) parameters.push_back(parameter);
  parameters.push_back({"groups", ArgumentKind::integer, false, "1"});
  functions.add({"conv2d",
                 "x (n, channels, rows, columns) under windows w (filters, channels / groups, rows, columns)",
                 parameters, conv2d});
  functions.add(
      {"conv_transpose2d",
       "the x of which a conv2d with windows w (channels, filters / groups, rows, columns) makes this size",
       {parameters[0],
        parameters[1],
        parameters[2],
        {"stride", ArgumentKind::integers, false, "1"},
        {"padding", ArgumentKind::integers, false, "0"},
        {"output_padding", ArgumentKind::integers, false, "0"},
        {"groups", ArgumentKind::integer, false, "1"},
        {"dilation", ArgumentKind::integers, false, "1"}},
       conv_transpose2d});
  functions.add({"conv1d", "x (n, channels, length) under windows w (filters, channels / groups, length)",
                 parameters, conv1d});
}

}  // namespace talweg
