#pragma once

#include <cstdint>
#include <vector>

#include "model/model.hpp"
#include "support/permutation.hpp"

namespace talweg {

/// Which rows of the data belong together: those of a training step, and those of a split. An epoch takes
/// every row of the split "train" once, in an order of its own where the examples are shuffled; its last
/// batch has fewer rows where the batch does not divide them.
class Batches {
 public:
  /// REQUIRES: the model has Examples.
  explicit Batches(const CheckedModel& model);

  /// Rows of the batch that update `step` + 1 sees.
  [[nodiscard]] std::int64_t size(std::int64_t step) const;
  void rows_of_step(std::int64_t step, std::vector<std::int64_t>& rows) const;
  /// Place `place` of a split.
  [[nodiscard]] std::int64_t row_of_split(const Split& split, std::int64_t place) const;

  [[nodiscard]] const Examples& examples() const { return examples_; }
  /// Rows of the last batch of an epoch; 0 where it is as large as the others.
  [[nodiscard]] std::int64_t rest() const { return examples_.train().count % examples_.batch; }

 private:
  Examples examples_;
  std::uint32_t seed_;
  Permutation order_of_splits_;
  bool shuffle_;
};

}  // namespace talweg
