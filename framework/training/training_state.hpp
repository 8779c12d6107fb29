#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "program/executor.hpp"
#include "training/trainer.hpp"
#include "training/values.hpp"

namespace talweg {

/// What a Trainer consists of.
struct TrainingState {
  TrainingState(CheckedModel given, std::shared_ptr<const Optimizer> optimizer, const TrainerOptions& chosen);

  [[nodiscard]] std::int64_t planned_steps() const { return model.train ? model.train->steps : 0; }
  void set_step(std::int64_t number) {
    step = number;
    values.set_step(number);
  }
  /// A program over the values, and over what `more_bindings` give besides.
  [[nodiscard]] std::unique_ptr<Executor> compile(std::vector<Assignment> assignments,
                                                  std::vector<NodeId> fetches,
                                                  const std::vector<Binding>& more_bindings = {}) const;
  /// A fetched node's value after the program's last run.
  [[nodiscard]] NamedTensor read(const Executor& program, NodeId node, std::string name) const;
  [[nodiscard]] double read_scalar(const Executor& program, NodeId node) const;

  CheckedModel model;
  std::shared_ptr<const Optimizer> rule;  ///< null where nothing is trained
  TrainerOptions options;
  TrainingGraph graph;
  Values values;
  std::map<std::string, std::vector<double>, std::less<>> minimizer_state;  ///< what it keeps, by name
  std::int64_t step = 0;                                                    ///< updates made
  std::atomic<bool> stop_requested = false;

 private:
  void check_all_schedules();
};

}  // namespace talweg
