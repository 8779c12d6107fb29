#pragma once

#include <optional>

#include "training/evaluation.hpp"
#include "training/training_state.hpp"

namespace talweg {

/// The validations of a training: when they are due, which values were best, and whether it is time to stop.
class Validation {
 public:
  /// REQUIRES: the model trains and has a validation split. The state outlives this.
  explicit Validation(TrainingState& state);

  /// Is the model to be validated before the next step?
  [[nodiscard]] bool is_due() const;
  /// The next step at which it is.
  [[nodiscard]] std::int64_t next() const { return state_.step - state_.step % every_ + every_; }
  /// Have the present values been validated, as it was due? So where a training goes on that had ended.
  [[nodiscard]] bool is_done() const;
  /// With the present values, which become the best where they are. One that is not due, at the end of
  /// training, says what training ends with and steers nothing, so that a training that goes on from there is
  /// as one that was never ended. Nothing where a stop is requested.
  [[nodiscard]] std::optional<ValidationRecord> run();
  [[nodiscard]] bool is_out_of_patience() const;
  /// What the values that training ends with are worth: the best where the model keeps them, the present
  /// otherwise. Nothing where that is not known and a stop is requested.
  [[nodiscard]] std::optional<ValidationRecord> result();
  /// Takes the best values, where the model keeps them.
  void keep_best();

 private:
  [[nodiscard]] ValidationRecord record(std::int64_t step, const std::vector<double>& measures) const;
  /// Than the best so far.
  [[nodiscard]] bool is_better(const std::vector<double>& measures) const;
  void compare(const std::vector<double>& measures);

  TrainingState& state_;
  const TrainSetting& train_;
  std::int64_t every_;
  Evaluation evaluation_;
  std::optional<ValidationRecord> last_;
};

}  // namespace talweg
