#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/model.hpp"
#include "program/executor.hpp"
#include "training/example_axes.hpp"
#include "training/tensor_memory.hpp"

namespace talweg {

/// Measures of many examples from what is computed batch by batch: they are made of totals over the examples
/// (sums, products, extremes), which add up, and of values that no example changes. The rest of their
/// expressions is computed once, in float64, from those.
class SplitTotals {
 public:
  /// `model` is any instance; the totals are over so many examples.
  SplitTotals(const CheckedModel& model, std::int64_t examples);

  /// The measures of an instance: the loss, where it has one, then the metrics.
  [[nodiscard]] static std::vector<NodeId> measures_of(const CheckedModel& model);
  /// Adds the measure of that number and says what is to be computed of each batch for it: by instance, the
  /// nodes. Nothing, and no change, where the measure cannot be had from batches.
  [[nodiscard]] bool add(std::size_t measure, std::span<const CheckedModel* const> instances);
  /// The nodes of an instance, as it was numbered in add(), that give the parts.
  [[nodiscard]] std::vector<NodeId> parts(std::size_t instance) const;
  /// No more measures come. REQUIRES: once, before what follows.
  void compile();

  void begin();
  /// Takes the parts of one batch. `floating` is the instance's type.
  void take(std::size_t instance, const Executor& program, DType floating);
  /// The value of each measure that was added, in that order.
  [[nodiscard]] std::vector<double> result();

 private:
  /// A total, or a leaf that no example changes.
  struct Part {
    NodeId whole;                  ///< in the graph for all examples
    std::vector<NodeId> instance;  ///< the same in each instance
    std::int64_t elements;
    std::int64_t first;  ///< of its elements in the memory
  };

  using Pairs = std::vector<std::pair<NodeId, NodeId>>;
  /// What `root` is made of: nodes of the whole, with those of the instance. Nothing where it cannot be cut.
  [[nodiscard]] std::optional<Pairs> cut(NodeId root, const Graph& graph, NodeId instance_root,
                                         std::int64_t rows) const;
  [[nodiscard]] bool agree(NodeId id, const Graph& graph, NodeId instance, std::int64_t rows) const;

  CheckedModel model_;  ///< for all examples at once; only what joins the parts is ever computed
  std::int64_t examples_;
  std::vector<ExampleAxis> axes_;
  std::vector<Part> parts_;
  std::vector<NodeId> measures_;
  std::optional<TensorMemory> memory_;
  std::unique_ptr<Executor> program_;
};

}  // namespace talweg
