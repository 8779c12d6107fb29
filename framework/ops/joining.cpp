// Tensors put together and taken apart.

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/layout.hpp"
#include "ops/registry.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

Inferred infer_concatenate(const InferCall& call) {
  const auto axis = static_cast<int>(call.attributes.integer("axis"));
  Inferred result{call.shape(0), call.dtype(0)};
  for (std::size_t i = 1; i < call.size(); ++i) {
    Shape rest = call.shape(i), due = result.shape;
    if (rest.rank() == due.rank()) due[axis] = rest[axis] = 1;
    if (!(rest == due))
      throw Error(Status::model, "shapes " + to_string(call.shape(0)) + " and " + to_string(call.shape(i)) +
                                     " differ in another axis than " + std::to_string(axis));
    result.shape[axis] += call.shape(i)[axis];
    result.dtype = promote(result.dtype, call.dtype(i));
  }
  return result;
}

template <class T>
void concatenate_kernel(const ReferenceCall<T>& call) {
  const auto axis = static_cast<int>(call.node.attributes.integer("axis"));
  const Around whole = around(call.output.shape, axis);
  T* to = call.output.data;
  for (std::int64_t o = 0; o < whole.outer; ++o)
    for (const TensorView<const T>& part : call.inputs) {
      const std::int64_t run = part.shape[axis] * whole.inner;
      to = std::copy_n(part.data + o * run, run, to);
    }
}

Values concatenate_gradient(const GradientCall& call) {
  const auto axis = static_cast<int>(call.attributes().integer("axis"));
  Values parts;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < call.node().inputs.size(); ++i) {
    const std::int64_t size = call.input(i).shape()[axis];
    parts.push_back(call.needed[i] ? part_of(call.gradient, axis, start, size) : Value{});
    start += size;
  }
  return parts;
}

const std::vector<Value>& some_tensors(const Arguments& arguments, const std::string& name) {
  const std::vector<Value>& tensors = arguments.tensors("arrays");
  if (tensors.empty()) throw Error(Status::model, name + ": the list of tensors is empty");
  return tensors;
}

Result concatenate_function(const Arguments& arguments) {
  const std::vector<Value>& tensors = some_tensors(arguments, "concatenate");
  if (tensors[0].rank() == 0)
    throw Error(Status::model, "concatenate: a scalar has no axis").set_hint("stack() makes one of scalars");
  return concatenate(tensors, normalize_axis(arguments.integer("axis", 0), tensors[0].rank(), "concatenate"));
}

Result stack(const Arguments& arguments) {
  const std::vector<Value>& tensors = some_tensors(arguments, "stack");
  const Shape& shape = tensors[0].shape();
  const int axis = normalize_axis(arguments.integer("axis", 0), shape.rank() + 1, "stack");
  std::vector<Value> parts;
  for (const Value& tensor : tensors) {
    if (!(tensor.shape() == shape))
      throw Error(Status::model,
                  "stack: shapes " + to_string(shape) + " and " + to_string(tensor.shape()) + " differ");
    parts.push_back(expand_dims(tensor, axis));
  }
  return concatenate(parts, axis);
}

/// Where the parts of a split begin, and where the last one ends. Positions mean what they do in a slice.
Integers bounds_of_split(const Arguments& arguments, std::int64_t size) {
  Integers bounds = {0};
  if (arguments.is_integer("indices_or_sections")) {
    const std::int64_t sections = arguments.integer("indices_or_sections");
    if (sections < 1 || size % sections != 0)
      throw Error(Status::model, "split: an axis of size " + std::to_string(size) + " has no " +
                                     count(sections, "equal part"));
    for (std::int64_t i = 1; i < sections; ++i) bounds.push_back(i * (size / sections));
  } else {
    for (std::int64_t at : arguments.integers("indices_or_sections"))
      bounds.push_back(std::clamp(at < 0 ? at + size : at, std::int64_t{0}, size));
  }
  bounds.push_back(size);
  return bounds;
}

Result split(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  const int axis = normalize_axis(arguments.integer("axis", 0), x.rank(), "split");
  const Integers bounds = bounds_of_split(arguments, x.shape()[axis]);
  std::vector<Value> parts;
  for (std::size_t i = 0; i + 1 < bounds.size(); ++i)
    parts.push_back(part_of(x, axis, bounds[i], std::max(bounds[i + 1] - bounds[i], std::int64_t{0})));
  return parts;
}

/// Each axis that is repeated gets one before it, along which x is broadcast.
Result tile(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  Integers repetitions = arguments.integers("reps"), sizes(x.shape().begin(), x.shape().end());
  const std::size_t rank = std::max(repetitions.size(), sizes.size());
  repetitions.insert(repetitions.begin(), rank - repetitions.size(), 1);
  sizes.insert(sizes.begin(), rank - sizes.size(), 1);
  Integers apart, repeated;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (repetitions[axis] < 0)
      throw Error(Status::model, "tile: " + std::to_string(repetitions[axis]) + " repetitions");
    if (repetitions[axis] != 1) {
      apart.push_back(1);
      repeated.push_back(repetitions[axis]);
    }
    apart.push_back(sizes[axis]);
    repeated.push_back(sizes[axis]);
  }
  const Value spread = broadcast_to(reshape(x, Shape::checked(apart)), Shape::checked(repeated));
  for (std::size_t axis = 0; axis < rank; ++axis) sizes[axis] *= repetitions[axis];
  return reshape(spread, Shape::checked(sizes));
}

}  // namespace

void register_joining() {
  OpRegistry::instance().add({.name = "concatenate",
                              .formula = "tensors one behind the other along axis",
                              .shape = infer_concatenate,
                              .differentiable = Differentiable::yes,
                              .gradient = concatenate_gradient,
                              .reference_float32 = concatenate_kernel<float>,
                              .reference_float64 = concatenate_kernel<double>});

  FunctionRegistry& functions = FunctionRegistry::instance();
  const FunctionParameter axis{"axis", ArgumentKind::integer, false, "0", "dim"};
  functions.add({"concatenate",
                 "tensors one behind the other along axis",
                 {{"arrays", ArgumentKind::tensors}, axis},
                 concatenate_function});
  functions.add({"stack", "tensors along a new axis", {{"arrays", ArgumentKind::tensors}, axis}, stack});
  functions.add(
      {"split",
       "a list: so many equal parts of x along axis, or parts that end before given positions",
       {{"x", ArgumentKind::tensor, true, "", "ary"}, {"indices_or_sections", ArgumentKind::integers}, axis},
       split});
  functions.add({"tile",
                 "x repeated along each axis",
                 {{"x", ArgumentKind::tensor, true, "", "A"}, {"reps", ArgumentKind::integers}},
                 tile});
}

}  // namespace talweg
