#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "training/minimization.hpp"
#include "training/training_state.hpp"
#include "training/validation.hpp"

namespace talweg {

/// One training from the present step to the planned ones.
class TrainingRun {
 public:
  TrainingRun(TrainingState& state, TrainingObserver& observer);
  ~TrainingRun() { state_.hand_back(); }
  TrainingRun(const TrainingRun&) = delete;
  TrainingRun& operator=(const TrainingRun&) = delete;

  /// What Trainer::run does.
  EndRecord run();

 private:
  using Clock = std::chrono::steady_clock;

  /// What runs on one instance of the model.
  struct Programs {
    std::unique_ptr<Executor> step, log;  ///< the latter is null where the step's can look
    [[nodiscard]] bool looks() const { return step != nullptr && step->can_look(); }
    /// The one that has computed what is logged.
    [[nodiscard]] const Executor& logging() const { return looks() ? *step : *log; }
  };

  void announce();
  void compile(const Instance& instance);
  [[nodiscard]] Programs& programs_of(const Instance& instance) {
    return &instance == &state_.main ? of_main_ : of_rest_;
  }
  /// Those for the next step, with its batch.
  [[nodiscard]] Programs& programs() { return programs_of(state_.present()); }
  [[nodiscard]] EndReason train();
  /// Makes steps until `end`, or until one of them ends the training.
  [[nodiscard]] std::optional<EndReason> make_steps(std::int64_t end);
  /// Is there a condition on what each step computes?
  [[nodiscard]] bool watches_steps() const;
  /// Looks at what the step that was just made on `instance` has computed.
  [[nodiscard]] std::optional<EndReason> stop_condition(const Instance& instance);
  [[nodiscard]] std::int64_t next_pause() const;
  void write_log_line();
  /// Of the last time that the loss was computed to be logged.
  [[nodiscard]] std::vector<NamedTensor> logged_values();
  [[nodiscard]] std::vector<NamedTensor> reported_values();
  /// Hands back the values, and diverges unless they are finite, and so is the loss that comes of them.
  void check();
  /// Computes it, and all that is logged.
  [[nodiscard]] bool loss_is_finite();
  void keep_good_values();
  [[noreturn]] void diverge();
  void show_progress(Clock::time_point now);

  TrainingState& state_;
  TrainingObserver& observer_;
  std::int64_t steps_, log_every_, first_step_;
  Programs of_main_, of_rest_;
  std::unique_ptr<Minimization> minimization_;  ///< null where an update rule trains
  bool are_steps_alike_ = false;                ///< and nobody watches them
  std::optional<Validation> validation_;
  std::int64_t checked_step_;  ///< of the last look at whether everything is finite
  TensorMemory good_;          ///< a snapshot of the values that an update rule's steps were made from last,
  std::int64_t good_step_;     ///< and when that was
  std::int64_t chunk_ = 1;     ///< steps between two looks at the clock
  double loss_ = 0;            ///< of the last log line
  Clock::time_point begin_, shown_;
  Clock::duration shown_every_;
};

}  // namespace talweg
