#pragma once

#include <cstdint>
#include <vector>

#include "program/executor.hpp"
#include "training/tensor_memory.hpp"
#include "training/training_graph.hpp"

namespace talweg {

/// Draws the examples of each step for a rule that says by what.
class ExampleDraws {
 public:
  /// `weights` is the leaf of the training graph. REQUIRES: the model has `train:`.
  ExampleDraws(const CheckedModel& model, const DrawnExamples& draws, NodeId weights);

  /// For the leaves that say what was drawn.
  [[nodiscard]] std::vector<Binding> bindings();
  /// Draws places of the split "train" for a step: independent ones, with probabilities in proportion to
  /// `numbers`. They depend on the model's seed, the step and the numbers alone. Throws Error{plugin} where
  /// the numbers are no such thing.
  void draw(std::int64_t step, const std::vector<double>& numbers, std::vector<std::int64_t>& places);

  /// The name of the state that has the numbers.
  [[nodiscard]] const std::string& by() const { return by_; }

 private:
  std::string by_;
  std::uint32_t seed_;
  NodeId weights_leaf_, counts_leaf_;
  TensorMemory weights_, counts_;
  std::vector<double> sums_;  ///< of the numbers up to each
};

}  // namespace talweg
