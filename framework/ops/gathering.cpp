// Elements chosen by integers that are known when the model runs.

#include <algorithm>
#include <limits>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kOutside = -1;

/// The position among `size` that an index means, counted from the end where it is negative; kOutside where
/// there is none, NaN among them.
template <class T>
std::int64_t position_of(T index, std::int64_t size) {
  const auto from_front = static_cast<double>(index) < 0
                              ? static_cast<double>(index) + static_cast<double>(size)
                              : static_cast<double>(index);
  if (!(from_front >= 0 && from_front < static_cast<double>(size))) return kOutside;
  return static_cast<std::int64_t>(from_front);
}

void check_indices(DType dtype) {
  if (is_floating(dtype))
    throw Error(Status::model, "the indices are " + std::string(to_string(dtype)) + " and not integers");
}

/// Indices that are known when the graph is built are held to the axis.
void check_known_indices(const Node& indices, std::int64_t size, const std::string& place) {
  const std::optional<Numbers> known = known_values(indices);
  if (!known) return;
  for (double index : *known)
    if (position_of(index, size) == kOutside)
      throw Error(Status::model, "index " + std::to_string(static_cast<std::int64_t>(index)) +
                                     " is out of bounds for " + place + " of size " + std::to_string(size));
}

/// `whole` with `axis` replaced by the axes of `indices`.
Shape taken_shape(const Shape& whole, const Shape& indices, int axis) {
  Integers sizes(whole.begin(), whole.end());
  const auto at = sizes.erase(sizes.begin() + axis);
  sizes.insert(at, indices.begin(), indices.end());
  return Shape::checked(sizes);
}

int axis_of(const Attributes& attributes) { return static_cast<int>(attributes.integer("axis")); }

Inferred infer_take(const InferCall& call) {
  const int axis = axis_of(call.attributes);
  check_indices(call.dtype(1));
  check_known_indices(call.graph[call.inputs[1]], call.shape(0)[axis], "axis " + std::to_string(axis));
  return {taken_shape(call.shape(0), call.shape(1), axis), call.dtype(0)};
}

/// What is read where an index is outside: NaN, or 0 in a tensor of integers.
template <class T>
T outside_value(DType dtype) {
  return is_floating(dtype) ? std::numeric_limits<T>::quiet_NaN() : T{0};
}

template <class T>
void take_kernel(const ReferenceCall<T>& call) {
  const auto [outer, size, inner] = around(call.inputs[0].shape, axis_of(call.node.attributes));
  const std::int64_t number = call.inputs[1].shape.elements();
  T* to = call.output.data;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < number; ++i) {
      const std::int64_t at = position_of(call.inputs[1].data[i], size);
      if (at == kOutside)
        to = std::fill_n(to, inner, outside_value<T>(call.node.dtype));
      else
        to = std::copy_n(call.inputs[0].data + (o * size + at) * inner, inner, to);
    }
}

Values take_gradient(const GradientCall& call) {
  const int axis = axis_of(call.attributes());
  return {emit("take_adjoint", {call.gradient, call.input(1)},
               {{"axis", std::int64_t{axis}}, {"size", call.input(0).shape()[axis]}}),
          {}};
}

Inferred infer_take_adjoint(const InferCall& call) {
  const int axis = axis_of(call.attributes);
  check_indices(call.dtype(1));
  Integers sizes(call.shape(0).begin(), call.shape(0).end());
  const auto at = sizes.erase(sizes.begin() + axis, sizes.begin() + axis + call.shape(1).rank());
  sizes.insert(at, call.attributes.integer("size"));
  return {Shape::checked(sizes), call.dtype(0)};
}

template <class T>
void take_adjoint_kernel(const ReferenceCall<T>& call) {
  const auto [outer, size, inner] = around(call.output.shape, axis_of(call.node.attributes));
  const std::int64_t number = call.inputs[1].shape.elements();
  std::vector<double> totals(static_cast<std::size_t>(outer * size * inner), 0);
  const T* from = call.inputs[0].data;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < number; ++i, from += inner) {
      const std::int64_t at = position_of(call.inputs[1].data[i], size);
      if (at == kOutside) continue;
      double* total = totals.data() + (o * size + at) * inner;
      for (std::int64_t k = 0; k < inner; ++k) total[k] += static_cast<double>(from[k]);
    }
  std::ranges::transform(totals, call.output.data, [](double total) { return static_cast<T>(total); });
}

Values take_adjoint_gradient(const GradientCall& call) {
  const int axis = axis_of(call.attributes());
  return {emit("take", {call.gradient, call.input(1)}, {{"axis", std::int64_t{axis}}}), {}};
}

Shape with_size(Shape shape, int axis, std::int64_t size) {
  shape[axis] = size;
  return shape;
}

Inferred infer_take_along_axis(const InferCall& call) {
  const int axis = axis_of(call.attributes);
  check_indices(call.dtype(1));
  const Shape &x = call.shape(0), &indices = call.shape(1);
  if (x.rank() != indices.rank() || !(with_size(x, axis, 1) == with_size(indices, axis, 1)))
    throw Error(Status::model, "x is " + to_string(x) + " and the indices " + to_string(indices) +
                                   ", which differ in more than axis " + std::to_string(axis));
  check_known_indices(call.graph[call.inputs[1]], x[axis], "axis " + std::to_string(axis));
  return {indices, call.dtype(0)};
}

/// Calls visit(i, k) for each index i of one piece of the indices along their leading axes: k is the element
/// of x's piece, whose axis has `size`, that it means, or kOutside.
template <class T, class Visit>
void each_index(const T* indices, std::int64_t number, std::int64_t size, std::int64_t inner, Visit visit) {
  std::int64_t i = 0;
  for (std::int64_t n = 0; n < number; ++n)
    for (std::int64_t k = 0; k < inner; ++k, ++i) {
      const std::int64_t at = position_of(indices[i], size);
      visit(i, at == kOutside ? kOutside : at * inner + k);
    }
}

template <class T>
void take_along_axis_kernel(const ReferenceCall<T>& call) {
  const int axis = axis_of(call.node.attributes);
  const auto [outer, number, inner] = around(call.output.shape, axis);
  const std::int64_t size = call.inputs[0].shape[axis];
  for (std::int64_t o = 0; o < outer; ++o) {
    const T* x = call.inputs[0].data + o * size * inner;
    T* to = call.output.data + o * number * inner;
    each_index(call.inputs[1].data + o * number * inner, number, size, inner,
               [&](std::int64_t i, std::int64_t at) {
                 to[i] = at == kOutside ? outside_value<T>(call.node.dtype) : x[at];
               });
  }
}

Values take_along_axis_gradient(const GradientCall& call) {
  const int axis = axis_of(call.attributes());
  return {emit("take_along_axis_adjoint", {call.gradient, call.input(1)},
               {{"axis", std::int64_t{axis}}, {"size", call.input(0).shape()[axis]}}),
          {}};
}

Inferred infer_take_along_axis_adjoint(const InferCall& call) {
  check_indices(call.dtype(1));
  if (!(call.shape(0) == call.shape(1)))
    throw Error(Status::model,
                "x is " + to_string(call.shape(0)) + " and the indices " + to_string(call.shape(1)));
  return {with_size(call.shape(0), axis_of(call.attributes), call.attributes.integer("size")), call.dtype(0)};
}

template <class T>
void take_along_axis_adjoint_kernel(const ReferenceCall<T>& call) {
  const int axis = axis_of(call.node.attributes);
  const auto [outer, size, inner] = around(call.output.shape, axis);
  const std::int64_t number = call.inputs[0].shape[axis];
  std::vector<double> totals(static_cast<std::size_t>(size * inner));
  T* to = call.output.data;
  for (std::int64_t o = 0; o < outer; ++o) {
    const T* x = call.inputs[0].data + o * number * inner;
    std::ranges::fill(totals, 0.0);
    each_index(call.inputs[1].data + o * number * inner, number, size, inner,
               [&](std::int64_t i, std::int64_t at) {
                 if (at != kOutside) totals[static_cast<std::size_t>(at)] += static_cast<double>(x[i]);
               });
    to = std::ranges::transform(totals, to, [](double total) { return static_cast<T>(total); }).out;
  }
}

Values take_along_axis_adjoint_gradient(const GradientCall& call) {
  return {emit("take_along_axis", {call.gradient, call.input(1)},
               {{"axis", std::int64_t{axis_of(call.attributes())}}}),
          {}};
}

/// As NumPy's: all axes but one broadcast.
Result take_along_axis(const Arguments& arguments) {
  const Value x = arguments.tensor("x"), indices = arguments.tensor("indices");
  const int axis = normalize_axis(arguments.integer("axis"), x.rank(), "take_along_axis");
  const auto both = x.rank() == indices.rank()
                        ? broadcast(with_size(x.shape(), axis, 1), with_size(indices.shape(), axis, 1))
                        : std::nullopt;
  if (!both)
    throw Error(Status::model, "take_along_axis: x is " + to_string(x.shape()) + " and the indices " +
                                   to_string(indices.shape()) + ", which differ in more than axis " +
                                   std::to_string(axis));
  return emit("take_along_axis",
              {broadcast_to(x, with_size(*both, axis, x.shape()[axis])),
               broadcast_to(indices, with_size(*both, axis, indices.shape()[axis]))},
              {{"axis", std::int64_t{axis}}});
}

Result take(const Arguments& arguments) {
  Value x = arguments.tensor("x");
  std::int64_t axis = 0;
  if (arguments.has("axis"))
    axis = normalize_axis(arguments.integer("axis"), x.rank(), "take");
  else
    x = reshape(x, {x.shape().elements()});
  return emit("take", {x, arguments.tensor("indices")}, {{"axis", axis}});
}

Inferred infer_one_hot(const InferCall& call) {
  const std::int64_t classes = call.attributes.integer("classes");
  if (classes < 1) throw Error(Status::model, "there are " + std::to_string(classes) + " classes");
  check_indices(call.dtype(0));
  check_known_indices(call.graph[call.inputs[0]], classes, "classes");
  Integers sizes(call.shape(0).begin(), call.shape(0).end());
  sizes.push_back(classes);
  return {Shape::checked(sizes), call.graph.floating()};
}

template <class T>
void one_hot_kernel(const ReferenceCall<T>& call) {
  const std::int64_t classes = call.node.attributes.integer("classes");
  T* row = call.output.data;
  for (std::int64_t i = 0; i < call.inputs[0].shape.elements(); ++i, row += classes) {
    const std::int64_t at = position_of(call.inputs[0].data[i], classes);
    std::fill_n(row, classes, at == kOutside ? std::numeric_limits<T>::quiet_NaN() : T{0});
    if (at != kOutside) row[at] = 1;
  }
}

}  // namespace

void register_gathering() {
  OpRegistry& ops = OpRegistry::instance();
  // An index outside the axis reads NaN, or 0 from a tensor of integers; the adjoint leaves it out.
  ops.add({.name = "take",
           .formula = "x at the indices along axis",
           .shape = infer_take,
           .differentiable = Differentiable::yes,
           .gradient = take_gradient,
           .reference_float32 = take_kernel<float>,
           .reference_float64 = take_kernel<double>});
  ops.add({.name = "take_adjoint",
           .formula = "zeros with an axis of some size, to which x is added at the indices",
           .shape = infer_take_adjoint,
           .differentiable = Differentiable::yes,
           .gradient = take_adjoint_gradient,
           .reference_float32 = take_adjoint_kernel<float>,
           .reference_float64 = take_adjoint_kernel<double>});
  // An index outside the axis as above.
  ops.add({.name = "take_along_axis",
           .formula = "for each index the element of x at its place, but there along axis",
           .shape = infer_take_along_axis,
           .differentiable = Differentiable::yes,
           .gradient = take_along_axis_gradient,
           .reference_float32 = take_along_axis_kernel<float>,
           .reference_float64 = take_along_axis_kernel<double>});
  ops.add({.name = "take_along_axis_adjoint",
           .formula = "zeros with an axis of some size, to which x is added where the indices say",
           .shape = infer_take_along_axis_adjoint,
           .differentiable = Differentiable::yes,
           .gradient = take_along_axis_adjoint_gradient,
           .reference_float32 = take_along_axis_adjoint_kernel<float>,
           .reference_float64 = take_along_axis_adjoint_kernel<double>});
  // Floating, so that the row of an index outside can be NaN.
  ops.add({.name = "one_hot",
           .formula = "rows of zeros with 1 at x",
           .shape = infer_one_hot,
           .differentiable = Differentiable::never,
           .reference_float32 = one_hot_kernel<float>,
           .reference_float64 = one_hot_kernel<double>});

  FunctionRegistry& functions = FunctionRegistry::instance();
  functions.add({"take",
                 "x at the indices along axis, or in x laid out flat",
                 {{"x", ArgumentKind::tensor, true, "", "a"},
                  {"indices"},
                  {"axis", ArgumentKind::integer, false, "None", "dim"}},
                 take});
  functions.add({"take_along_axis",
                 "for each index the element of x at its place, but there along axis",
                 {{"x", ArgumentKind::tensor, true, "", "arr"},
                  {"indices"},
                  {"axis", ArgumentKind::integer, true, "", "dim"}},
                 take_along_axis});
  functions.add(
      {"one_hot",
       "rows of zeros with 1 at x",
       {{"x"}, {"classes", ArgumentKind::integer, true, "", "num_classes"}},
       [](const Arguments& arguments) -> Result {
         return emit("one_hot", {arguments.tensor("x")}, {{"classes", arguments.integer("classes")}});
       }});
}

}  // namespace talweg
