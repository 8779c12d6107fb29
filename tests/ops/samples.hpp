#pragma once

#include <string>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// An input of a sample. A floating one has the graph's type and values in (low, high) that differ from each
/// other, from those of the sample's other inputs and from all multiples of (high - low) / 32, where kinks
/// may lie. An int64 one has whole numbers in [low, high], repeated in turn.
struct SampleInput {
  Shape shape;
  double low = -2, high = 2;
  DType dtype = DType::float64;
};

/// A use of one op or function, small enough to be differentiated numerically.
struct Sample {
  /// In the model language, over its inputs x, y and z; a name for what `build` appends.
  std::string expression;
  std::vector<SampleInput> inputs;
  /// For ops that the language does not call by themselves.
  Value (*build)(const std::vector<Value>& inputs) = nullptr;
  /// Does it stop gradients, so that they are not those of its values?
  bool stops_gradients = false;

  /// Appends the sample to the graph of its inputs.
  [[nodiscard]] Value append(Graph& graph, const std::vector<Value>& values) const;
};

/// "maximum(x, y) of (2, 3), (3,)"
[[nodiscard]] std::string to_string(const Sample& sample);

/// At least one for each op and function; for elementwise ones every way in which shapes broadcast.
[[nodiscard]] const std::vector<Sample>& samples();

/// Leaves for the inputs: "data", named x, y, z.
[[nodiscard]] std::vector<Value> add_leaves(Graph& graph, const Sample& sample);

/// The values of input number `position`; the same at every call.
[[nodiscard]] std::vector<double> values_of(const SampleInput& input, std::size_t position);

}  // namespace talweg
