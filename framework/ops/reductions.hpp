#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/function.hpp"

namespace talweg {

/// `shape` without `axes`, or with size 1 in their place.
[[nodiscard]] Shape reduced_shape(const Shape& shape, const Integers& axes, bool keepdims);

/// A reduction's output, or a gradient of it, as a tensor that broadcasts against the input of shape `input`.
[[nodiscard]] Value expand(Value reduced, const Shape& input, const Integers& axes);

/// How many elements of `shape` go into one of the result.
[[nodiscard]] std::int64_t reduced_elements(const Shape& shape, const Integers& axes);

/// What `axis` means where an axis is summed up: all axes if none is given. Of a scalar 0 and -1 are allowed
/// and name nothing, as in NumPy.
[[nodiscard]] Integers reduced_axes(const std::optional<Integers>& axis, int rank, const std::string& name);

/// The axis argument of a loss: one axis, the last where none is given.
[[nodiscard]] int last_axis_or(const Arguments& arguments, int rank, const std::string& name);

/// The parameters (x, axis=None, keepdims=False), and what a call gives for them.
[[nodiscard]] std::vector<FunctionParameter> reduction_parameters();
struct Reduction {
  Value x;
  Integers axes;  ///< ascending; all where none are given
  bool keepdims;
};
[[nodiscard]] Reduction reduction(const Arguments& arguments, const std::string& name);

/// The op "sum", "prod", "max" or "min".
[[nodiscard]] Value reduce(const char* op, Value x, const Integers& axes, bool keepdims);

}  // namespace talweg
