// Pooling over windows of the last two axes. The largest element is found first and then taken, so that its
// gradient goes where it stood; a sum's gradient is the same for all of its window.

#include <algorithm>
#include <cmath>
#include <limits>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"
#include "ops/windows.hpp"

namespace talweg {
namespace {

void require_planes(const Shape& shape, const std::string& where = "") {
  if (shape.rank() < 2)
    throw Error(Status::model, where + to_string(shape) + " has no two axes over which a window could move");
}

Shape with_plane(const Shape& shape, std::int64_t rows, std::int64_t columns) {
  Shape result = shape;
  result[shape.rank() - 2] = rows;
  result[shape.rank() - 1] = columns;
  return result;
}

Shape pooled_shape(const Shape& x, const Attributes& attributes) {
  const WindowAxes axes = pooling_axes(x, attributes);
  return with_plane(x, axes[0].output(), axes[1].output());
}

/// Calls visit(plane, window, covered rows, covered columns, first place) for every window: the plane's first
/// element, the window's number among all, the elements of the window that are not in the padding, and the
/// place in the plane of the first of them.
template <class Visit>
void each_window(const WindowAxes& axes, std::int64_t planes, Visit visit) {
  const auto& [rows, columns] = axes;
  std::int64_t window = 0;
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t row = 0; row < rows.output(); ++row) {
      const WindowAxis::Elements i = rows.covered(row);
      for (std::int64_t column = 0; column < columns.output(); ++column, ++window) {
        const WindowAxis::Elements j = columns.covered(column);
        visit(plane * rows.input * columns.input, window, i.end - i.begin, j.end - j.begin,
              rows.at(row, i.begin) * columns.input + columns.at(column, j.begin));
      }
    }
}

std::int64_t planes_of(const Shape& shape) {
  return Shape(shape.sizes().first(static_cast<std::size_t>(shape.rank() - 2))).elements();
}

Inferred infer_positions(const InferCall& call) {
  require_planes(call.shape(0));
  return {pooled_shape(call.shape(0), call.attributes), DType::int64};
}

/// One window of a plane: its elements are at place(i, j).
template <class T>
struct PlaneWindow {
  const T* plane;
  std::int64_t first, rows, columns, down, right;

  [[nodiscard]] std::int64_t place(std::int64_t i, std::int64_t j) const {
    return first + i * down + j * right;
  }
};

/// Each element of the output from its window.
template <class T, class Body>
void pool(const ReferenceCall<T>& call, Body body) {
  const Shape& shape = call.inputs[0].shape;
  const WindowAxes axes = pooling_axes(shape, call.node.attributes);
  const std::int64_t down = axes[0].dilation * axes[1].input, right = axes[1].dilation;
  each_window(axes, planes_of(shape),
              [&](std::int64_t plane, std::int64_t window, std::int64_t rows, std::int64_t columns,
                  std::int64_t first) {
                const PlaneWindow<T> inside{call.inputs[0].data + plane, first, rows, columns, down, right};
                call.output.data[window] = static_cast<T>(body(inside));
              });
}

/// The first of the largest, or of those that are NaN; the plane's size where a window covers nothing.
template <class T>
void positions_kernel(const ReferenceCall<T>& call) {
  const WindowAxes axes = pooling_axes(call.inputs[0].shape, call.node.attributes);
  pool(call, [&](const PlaneWindow<T>& window) {
    const T* x = window.plane;
    const bool covers_something = window.rows > 0 && window.columns > 0;
    std::int64_t best = covers_something ? window.first : axes[0].input * axes[1].input;
    for (std::int64_t i = 0; i < window.rows; ++i)
      for (std::int64_t j = 0; j < window.columns; ++j) {
        const std::int64_t place = window.place(i, j);
        if (x[place] > x[best] || (std::isnan(x[place]) && !std::isnan(x[best]))) best = place;
      }
    return best;
  });
}

Inferred infer_sum_pool(const InferCall& call) {
  require_planes(call.shape(0));
  return {pooled_shape(call.shape(0), call.attributes), promote(call.dtype(0), DType::int64)};
}

template <class T>
void sum_pool_kernel(const ReferenceCall<T>& call) {
  pool(call, [](const PlaneWindow<T>& window) {
    double total = 0;
    for (std::int64_t i = 0; i < window.rows; ++i)
      for (std::int64_t j = 0; j < window.columns; ++j)
        total += static_cast<double>(window.plane[window.place(i, j)]);
    return total;
  });
}

Inferred infer_sum_pool_adjoint(const InferCall& call) {
  const Integers& image = call.attributes.integers("image");
  const Shape x = Shape::checked(with_plane(call.shape(0), image[0], image[1]).sizes());
  if (!(pooled_shape(x, call.attributes) == call.shape(0)))
    throw Error(Status::model, "pooling " + to_string(x) + " does not give " + to_string(call.shape(0)));
  return {x, call.dtype(0)};
}

/// Summed as they come: an element is covered by few windows.
template <class T>
void sum_pool_adjoint_kernel(const ReferenceCall<T>& call) {
  const Shape& shape = call.output.shape;
  const WindowAxes axes = pooling_axes(shape, call.node.attributes);
  const std::int64_t down = axes[0].dilation * axes[1].input, right = axes[1].dilation;
  std::fill_n(call.output.data, shape.elements(), T{0});
  each_window(axes, planes_of(shape),
              [&](std::int64_t plane, std::int64_t window, std::int64_t rows, std::int64_t columns,
                  std::int64_t first) {
                T* to = call.output.data + plane + first;
                const T x = call.inputs[0].data[window];
                for (std::int64_t i = 0; i < rows; ++i)
                  for (std::int64_t j = 0; j < columns; ++j) to[i * down + j * right] += x;
              });
}

Attributes options(const Attributes& attributes) {
  return {{"kernel", attributes.integers("kernel")},
          {"stride", attributes.integers("stride")},
          {"padding", attributes.integers("padding")},
          {"dilation", attributes.integers("dilation")}};
}

Values sum_pool_gradient(const GradientCall& call) {
  Attributes attributes = options(call.attributes());
  const auto [rows, columns] = plane_of(call.input(0).shape());
  attributes.set("image", Integers{rows, columns});
  return {emit("sum_pool2d_adjoint", {call.gradient}, std::move(attributes))};
}

Values sum_pool_adjoint_gradient(const GradientCall& call) {
  return {emit("sum_pool2d", {call.gradient}, options(call.attributes()))};
}

/// x seen as (..., 1, length), and back.
Value with_row(Value x) {
  if (x.rank() == 0) require_planes(x.shape());
  Shape shape(x.shape().sizes().first(static_cast<std::size_t>(x.rank() - 1)));
  shape.append(1);
  shape.append(x.shape()[x.rank() - 1]);
  return reshape(x, shape);
}

Value without_row(Value x) {
  Shape shape(x.shape().sizes().first(static_cast<std::size_t>(x.rank() - 2)));
  shape.append(x.shape()[x.rank() - 1]);
  return reshape(x, shape);
}

Value flat_planes(Value x) {
  Shape shape(x.shape().sizes().first(static_cast<std::size_t>(x.rank() - 2)));
  const auto [rows, columns] = plane_of(x.shape());
  shape.append(rows * columns);
  return reshape(x, shape);
}

/// What a call says of its windows.
struct Pooling {
  Attributes attributes;
  Integers more;    ///< elements at the ends of x that count as padding
  Integers beyond;  ///< those behind them, that the last window of ceil_mode reaches and that do not count
};

/// How much is missing for a last window that begins within x, as PyTorch's ceil_mode has it.
std::int64_t missing(std::int64_t size, std::int64_t padding, std::int64_t window, std::int64_t stride) {
  const std::int64_t room = size + 2 * padding - window;
  if (room < 0 || room % stride == 0) return 0;
  const std::int64_t start = (room / stride + 1) * stride;
  return start >= size + padding ? 0 : start - room;
}

/// Of one axis, the other has windows of 1.
Pooling pooling(const Arguments& arguments, const std::string& name, const Shape& x, bool two_axes,
                bool dilated) {
  require_planes(x, name + ": ");
  const auto pair = [&](const char* argument, std::int64_t least, const Integers& otherwise) {
    Integers values = pair_argument(arguments, name, argument, least, otherwise);
    if (!two_axes) values[0] = least;
    return values;
  };
  const Integers kernel = pair("kernel", 1, {});
  const WindowMoves moves{kernel, pair("stride", 1, kernel),
                          dilated ? pair("dilation", 1, {1, 1}) : Integers{1, 1}};
  const std::array<std::int64_t, 2> image = plane_of(x);
  WindowPadding padding = padding_argument(arguments, name, image, moves);
  if (!two_axes) padding.both[0] = 0;
  for (std::size_t i = 0; i < kernel.size(); ++i)
    if (!arguments.is_text("padding") && 2 * padding.both[i] > kernel[i])
      throw Error(Status::model, name + ": padding is at most half of the window, and this is " +
                                     std::to_string(padding.both[i]) + " for " + std::to_string(kernel[i]));
  Integers beyond{0, 0};
  for (std::size_t i = 0; i < beyond.size() && arguments.flag("ceil_mode", false); ++i)
    beyond[i] = missing(image[i] + padding.more[i], padding.both[i], moves.dilation[i] * (kernel[i] - 1) + 1,
                        moves.stride[i]);
  return {
      {{"kernel", kernel}, {"stride", moves.stride}, {"padding", padding.both}, {"dilation", moves.dilation}},
      padding.more,
      beyond};
}

Value max_pool(const Arguments& arguments, const std::string& name, Value x, bool two_axes) {
  constexpr double kLeast = -std::numeric_limits<double>::infinity();
  const Pooling windows = pooling(arguments, name, x.shape(), two_axes, true);
  const Value all = extended(extended(x, windows.more, kLeast), windows.beyond, kLeast);
  const Value positions = emit("max_pool2d_positions", {all}, windows.attributes);
  const Value largest = emit("take_along_axis", {flat_planes(all), flat_planes(positions)},
                             {{"axis", std::int64_t{x.rank() - 2}}});
  return reshape(largest, positions.shape());
}

/// How many elements of x, or of x and its padding, each window covers.
Value covered(Value x, const Pooling& windows, bool count_padding) {
  const auto [rows, columns] = plane_of(x.shape());
  Attributes attributes = options(windows.attributes);
  const auto ones = [&](const Shape& shape) { return constant(x.graph(), 1, shape); };
  if (!count_padding) {
    const Value inside = extended(extended(ones({rows, columns}), windows.more, 0), windows.beyond, 0);
    return emit("sum_pool2d", {inside}, std::move(attributes));
  }
  const Integers padding = attributes.integers("padding");
  attributes.set("padding", Integers{0, 0});
  const Shape padded{rows + windows.more[0] + 2 * padding[0], columns + windows.more[1] + 2 * padding[1]};
  return emit("sum_pool2d", {extended(ones(padded), windows.beyond, 0)}, std::move(attributes));
}

/// The sum of a window divided by the number of elements that it covers, with count_include_pad those of the
/// padding among them.
Value avg_pool(const Arguments& arguments, const std::string& name, Value x, bool two_axes) {
  const Pooling windows = pooling(arguments, name, x.shape(), two_axes, false);
  const Value all = extended(extended(x, windows.more, 0), windows.beyond, 0);
  const Value total = emit("sum_pool2d", {all}, windows.attributes);
  const Integers& kernel = windows.attributes.integers("kernel");
  const bool count_padding = arguments.flag("count_include_pad", true);
  if (count_padding && windows.beyond == Integers{0, 0})
    return total / static_cast<double>(kernel[0] * kernel[1]);
  return total / covered(x, windows, count_padding);
}

Result max_pool2d(const Arguments& arguments) {
  return max_pool(arguments, "max_pool2d", arguments.tensor("x"), true);
}

Result max_pool1d(const Arguments& arguments) {
  return without_row(max_pool(arguments, "max_pool1d", with_row(arguments.tensor("x")), false));
}

Result avg_pool2d(const Arguments& arguments) {
  return avg_pool(arguments, "avg_pool2d", arguments.tensor("x"), true);
}

Result avg_pool1d(const Arguments& arguments) {
  return without_row(avg_pool(arguments, "avg_pool1d", with_row(arguments.tensor("x")), false));
}

}  // namespace

void register_pooling() {
  OpRegistry& ops = OpRegistry::instance();
  ops.add({.name = "max_pool2d_positions",
           .formula = "where in its plane the largest element of each window is",
           .shape = infer_positions,
           .differentiable = Differentiable::never,
           .reference_float32 = positions_kernel<float>,
           .reference_float64 = positions_kernel<double>});
  ops.add({.name = "sum_pool2d",
           .formula = "the sum of each window",
           .shape = infer_sum_pool,
           .differentiable = Differentiable::yes,
           .gradient = sum_pool_gradient,
           .reference_float32 = sum_pool_kernel<float>,
           .reference_float64 = sum_pool_kernel<double>});
  ops.add({.name = "sum_pool2d_adjoint",
           .formula = "each element added to all that its window covers",
           .shape = infer_sum_pool_adjoint,
           .differentiable = Differentiable::yes,
           .gradient = sum_pool_adjoint_gradient,
           .reference_float32 = sum_pool_adjoint_kernel<float>,
           .reference_float64 = sum_pool_adjoint_kernel<double>});

  FunctionRegistry& functions = FunctionRegistry::instance();
  const FunctionParameter x{"x", ArgumentKind::tensor, true, "", "input"},
      kernel{"kernel", ArgumentKind::integers, true, "", "kernel_size"};
  std::vector<FunctionParameter> windows = {x, kernel};
  for (const FunctionParameter& parameter : window_parameters("kernel")) windows.push_back(parameter);
  windows.push_back({"ceil_mode", ArgumentKind::flag, false, "False"});
  functions.add({"max_pool2d", "the largest of each window of the last two axes", windows, max_pool2d});
  functions.add({"max_pool1d", "the largest of each window of the last axis", windows, max_pool1d});
  windows[windows.size() - 2] = {"count_include_pad", ArgumentKind::flag, false, "True"};
  functions.add({"avg_pool2d", "the mean of each window of the last two axes", windows, avg_pool2d});
  functions.add({"avg_pool1d", "the mean of each window of the last axis", windows, avg_pool1d});
}

}  // namespace talweg
