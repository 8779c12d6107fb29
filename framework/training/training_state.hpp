#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "program/executor.hpp"
#include "training/batches.hpp"
#include "training/example_draws.hpp"
#include "training/instance.hpp"
#include "training/prefetch.hpp"
#include "training/trainer.hpp"
#include "training/values.hpp"

namespace talweg {

/// The values that were best so far, where the model asks to keep them or to stop without an improvement.
struct BestValues {
  std::vector<double> measures;  ///< of the validation that found them: the loss, then the metrics
  std::int64_t step = 0;         ///< updates made then
  std::int64_t validations = 0;  ///< made since
  TensorMemory values;           ///< a snapshot
};

/// What a Trainer consists of.
struct TrainingState {
  TrainingState(CheckedModel model, std::shared_ptr<const Optimizer> optimizer, const TrainerOptions& chosen);

  [[nodiscard]] const CheckedModel& model() const { return main.model; }
  [[nodiscard]] std::int64_t planned_steps() const { return model().train ? model().train->steps : 0; }
  /// Runs a training step, whose program takes over the values as long as others do not ask for them.
  void run_step(Executor& program) {
    if (holder_ != &program) take_over(program);
    program.run();
  }
  /// Runs steps, and counts them, until `end` or until a stop is requested. REQUIRES: are_steps_alike.
  void run_steps(Executor& program, std::int64_t end) {
    static_cast<void>(present());  // brings the batch
    if (holder_ != &program) take_over(program);
    std::int64_t number = step;
    for (; number < end && !stop_requested.load(std::memory_order_relaxed); ++number) program.run();
    set_step(number);
  }
  /// Has the step's program compute what is looked at before it assigns anything: the step goes on from there
  /// unless somebody asks for the values first.
  void look(Executor& program) {
    if (holder_ != &program) take_over(program);
    program.look();
  }
  /// Everybody may read and change all values.
  void hand_back();
  /// Everybody may read parameters and the model's states until the next step.
  void show_weights();
  /// Parameters and those of the model's states that began finite, wherever they lie.
  [[nodiscard]] bool are_weights_finite() const;
  /// The last step's program keeps the values.
  [[nodiscard]] bool are_values_taken() const { return holder_ != nullptr; }
  void set_step(std::int64_t number) {
    step = number;
    values.set_step(number);
    if (draws_) loaded_step_ = -1;  // the numbers that examples are drawn by may be others
  }
  /// The best values, where the model keeps them and the present ones are not better still.
  [[nodiscard]] const BestValues* kept() const;
  /// What a validation of the present values found.
  void set_validated(std::int64_t at_step, std::vector<double> found);
  /// The instance that the next step runs on, with the batch of that step.
  [[nodiscard]] Instance& present() { return batches ? present_with_batch() : main; }
  /// Those that train: `main`, and the one for the last batch of an epoch where it is smaller.
  [[nodiscard]] Instance& instance_of(std::int64_t number) {
    return rest && batches->size(number) != batches->examples().batch ? *rest : main;
  }

  [[nodiscard]] std::unique_ptr<Executor> compile(const Instance& instance,
                                                  std::vector<Assignment> assignments,
                                                  std::vector<NodeId> fetches,
                                                  const std::vector<Binding>& more_bindings = {}) const;
  /// A training step: the optimizer's and the model's own updates, and what else is asked for. What is logged
  /// can be looked at, if at all.
  [[nodiscard]] std::unique_ptr<Executor> compile_step(const Instance& instance,
                                                       std::vector<NodeId> fetches) const;
  /// Do training steps read neither their number nor different batches?
  [[nodiscard]] bool are_steps_alike() const;
  /// The loss, then the entries of `log:`.
  [[nodiscard]] static std::vector<NodeId> logged_nodes(const Instance& instance);
  /// A fetched node's value after the program's last run.
  [[nodiscard]] NamedTensor read(const Instance& instance, const Executor& program, NodeId node,
                                 std::string name) const;
  [[nodiscard]] double read_scalar(const Executor& program, NodeId node) const;

  std::shared_ptr<const Optimizer> rule;  ///< null where nothing is trained
  TrainerOptions options;
  Instance main;
  std::optional<Instance> rest;
  std::optional<Batches> batches;  ///< where the model has Examples
  Values values;
  std::map<std::string, std::vector<double>, std::less<>> minimizer_state;  ///< what it keeps, by name
  /// Of the objective by a minimizer, with or without its gradient; a product of second derivatives and a
  /// vector counts as one. A run that goes on where another ended does not count that point again. Nothing
  /// where it is not known of an earlier run.
  std::optional<std::int64_t> evaluations = 0;
  std::int64_t step = 0;            ///< updates made
  std::int64_t validated_step = 0;  ///< of the last validation, or 0
  std::vector<double> measures;     ///< what it found: the loss, then the metrics; empty where there was none
  std::optional<BestValues> best;
  /// The step of the last validation that was not due, where that found the values then better than `best`.
  std::optional<std::int64_t> better_step;
  std::optional<MetCondition> met;  ///< what ended training last
  std::atomic<bool> stop_requested = false;

 private:
  void take_over(Executor& program);
  [[nodiscard]] Instance& present_with_batch();
  void check_all_schedules();
  [[nodiscard]] std::unique_ptr<Executor> compile(const Instance& instance, const Task& task) const;

  void load_rows(Instance& instance);
  /// The rows of the next step's batch.
  void choose_rows();
  void prefetch_next();

  std::optional<ExampleDraws> draws_;  ///< where the optimizer draws the examples
  bool changes_batch_ = false;         ///< from step to step
  std::int64_t loaded_step_ = -1;      ///< whose batch is there; 0 where all have the same
  Executor* holder_ = nullptr;         ///< the program that has taken over the values, if one has
  std::vector<std::int64_t> rows_, drawn_;
  std::shared_ptr<ThreadPool> pool_;    ///< once it gathers a batch
  std::unique_ptr<Prefetch> prefetch_;  ///< last, so that it ends before what it fills
};

}  // namespace talweg
