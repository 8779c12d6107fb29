#pragma once

#include <optional>
#include <vector>

#include "training/records.hpp"
#include "training/split_totals.hpp"
#include "training/training_state.hpp"

namespace talweg {

/// What is minimized and the metrics over a split, by the model as it is in evaluation: the value of each
/// expression with all examples as its rows. What can be had from batches is computed batch by batch (see
/// SplitTotals); the rest with all examples at once.
class Evaluation {
 public:
  /// At most `rows` examples, evenly spread over the split. The state outlives this. Throws Error{model}
  /// where all examples at once are too many for the memory, with a note that says which measure needs them.
  Evaluation(TrainingState& state, const Split& split, std::optional<std::int64_t> rows = std::nullopt);

  /// "loss", where the model minimizes something, then the metrics.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Those among them that need all examples at once, where there is more than one batch.
  [[nodiscard]] std::vector<std::string> at_once() const;
  /// By name, with the present values. Ends early where a stop is requested: nothing then.
  [[nodiscard]] std::optional<std::vector<double>> run();
  [[nodiscard]] std::vector<NamedTensor> named(const std::vector<double>& values) const;

 private:
  /// The model for so many examples, and what computes nodes of it.
  struct Part {
    std::int64_t rows;
    Instance instance;
    std::unique_ptr<Executor> program;
  };

  [[nodiscard]] Part make_part(std::int64_t rows) const;
  void divide();
  void compile_at_once();
  void run_part(Part& part, std::int64_t first);
  [[nodiscard]] std::int64_t spread(std::int64_t example) const;

  TrainingState& state_;
  Split split_;
  std::int64_t examples_, batch_;
  std::vector<std::string> names_;
  std::vector<Part> batches_;  ///< for a batch, and for the last one where it has fewer rows
  std::optional<SplitTotals> totals_;
  std::vector<std::size_t> by_batch_, at_once_;  ///< measures
  std::optional<Part> whole_;                    ///< where some measure needs it
  std::vector<std::int64_t> rows_;
};

}  // namespace talweg
