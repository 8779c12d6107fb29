#pragma once

#include <optional>
#include <vector>

#include "training/records.hpp"
#include "training/training_state.hpp"

namespace talweg {

/// What is minimized and the metrics over a split, by the model as it is in evaluation. Each is a mean over
/// examples: batch for batch, weighted by its number of rows.
class Evaluation {
 public:
  /// At most `rows` examples, evenly spread over the split. The state outlives this.
  Evaluation(TrainingState& state, const Split& split, std::optional<std::int64_t> rows = std::nullopt);

  /// "loss", where the model minimizes something, then the metrics.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// By name, with the present values. Ends early where a stop is requested: nothing then.
  [[nodiscard]] std::optional<std::vector<double>> run();
  [[nodiscard]] std::vector<NamedTensor> named(const std::vector<double>& values) const;

 private:
  /// The model for batches of one size, and what computes them.
  struct Part {
    Instance instance;
    std::vector<NodeId> nodes;
    std::unique_ptr<Executor> program;
  };

  [[nodiscard]] Part make_part(std::int64_t rows) const;
  [[nodiscard]] std::int64_t spread(std::int64_t example) const;

  TrainingState& state_;
  Split split_;
  std::int64_t examples_, batch_;
  std::vector<std::string> names_;
  std::optional<Part> whole_, rest_;
  std::vector<std::int64_t> rows_;
};

}  // namespace talweg
