#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "training/minimization.hpp"
#include "training/training_state.hpp"

namespace talweg {

/// One training from the present step to the planned ones.
class TrainingRun {
 public:
  TrainingRun(TrainingState& state, TrainingObserver& observer);

  /// What Trainer::run does.
  EndRecord run();

 private:
  using Clock = std::chrono::steady_clock;

  void announce();
  [[nodiscard]] EndReason train();
  /// Makes steps until `end`, or until one of them ends the training.
  [[nodiscard]] std::optional<EndReason> make_steps(std::int64_t end);
  [[nodiscard]] std::optional<EndReason> stop_condition() const;
  void write_log_line();
  [[nodiscard]] std::vector<NamedTensor> logged_values();
  void check();
  [[nodiscard]] bool loss_is_finite();
  [[noreturn]] void diverge();
  void show_progress(Clock::time_point now);

  TrainingState& state_;
  TrainingObserver& observer_;
  std::int64_t steps_, log_every_, first_step_;
  std::unique_ptr<Executor> step_program_, loss_program_, log_program_;
  std::unique_ptr<Minimization> minimization_;  ///< null where an update rule trains
  TensorMemory good_;                           ///< a snapshot of the last values that were found finite,
  std::int64_t good_step_;                      ///< and when that was
  std::int64_t chunk_ = 1;                      ///< steps between two looks at the clock
  double loss_ = 0;                             ///< of the last log line
  Clock::time_point begin_, shown_;
};

}  // namespace talweg
