#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "graph/update_rule.hpp"
#include "model/model.hpp"
#include "training/records.hpp"

namespace talweg {

struct Checkpoint;
struct Profile;
struct Weights;

struct TrainerOptions {
  bool reference_executor = false;  ///< run the graph node by node, for a doubting user
  int threads = 1;
  /// Takes what training steps cost, by instruction. It outlives the trainer; null where nobody asks.
  Profile* profile = nullptr;
};

/// A model with its values: parameters, data, states and the optimizer's states, and the programs that run
/// on them. Training is one graph: forward pass, gradients and the optimizer's update.
class Trainer {
 public:
  /// Appends gradients and update to the model's graph, and draws the initial values. `optimizer` is null
  /// where the model trains nothing. Throws Error: hyperparameters that the optimizer does not have or that
  /// are out of range (with their place in the model file), memory.
  Trainer(CheckedModel model, std::shared_ptr<const Optimizer> optimizer, const TrainerOptions& options);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  [[nodiscard]] const CheckedModel& model() const;

  /// Trains until the planned steps are made, a stop condition holds or `request_stop` was called. Throws
  /// Error{diverged} that names the first node whose value is not finite, with its line.
  EndRecord run(TrainingObserver& observer);
  /// Ends `run` after the step that is under way. May be called from any thread and from a signal handler.
  void request_stop() noexcept;

  /// Updates made so far.
  [[nodiscard]] std::int64_t step() const;
  /// Those at the last validation, 0 where there was none.
  [[nodiscard]] std::int64_t validated_step() const;

  /// The present value of a parameter, datum, state or entry of `graph:`. Throws Error{model} where there is
  /// none of that name, with the nearest one as hint.
  [[nodiscard]] NamedTensor value(std::string_view name);
  /// The gradient of what is minimized with respect to a parameter. Throws Error{model}.
  [[nodiscard]] NamedTensor gradient(std::string_view parameter);
  /// Replaces the value of a parameter or state. Throws Error{model} where the number of elements is wrong.
  void set_value(std::string_view name, std::span<const double> values);

  /// All that it takes to go on from here, to the bit. Between steps: before or after run(), or in an
  /// observer.
  [[nodiscard]] Checkpoint checkpoint() const;
  /// Goes on from there. Throws Error{files} where the checkpoint is of another model, and changes nothing
  /// then.
  void restore(const Checkpoint& checkpoint);

  /// What the trained model consists of: its parameters and states, with `keep:` the best so far.
  [[nodiscard]] Weights weights() const;
  /// Begins with those of an earlier training. Throws Error{files} where they are of another model, and
  /// changes nothing then.
  void set_weights(const Weights& weights);

  /// "loss", where the model minimizes something, then the metrics over a split, as the model is in
  /// evaluation. Throws Error{model} where there is none of that name.
  [[nodiscard]] std::vector<NamedTensor> evaluate(std::string_view split);

  /// One line an instruction of the program of a training step; of an evaluation where a minimizer trains.
  [[nodiscard]] std::string program_listing();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The optimizer that the model's `train:` names: of its `optimizers:`, or else a plugin. Null where nothing
/// is trained. Throws Error.
class PluginPath;
[[nodiscard]] std::shared_ptr<const Optimizer> find_optimizer(const CheckedModel& model,
                                                              const PluginPath& plugins);

}  // namespace talweg
