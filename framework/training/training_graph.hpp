#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.hpp"

namespace talweg {

/// A tensor that an update rule keeps from step to step.
struct OptimizerState {
  std::string name;
  std::optional<double> initial;  ///< nothing where it begins as the parameter
  NodeId leaf = kNoNode;
  NodeId next = kNoNode;  ///< what it becomes; kNoNode where it stays
};

/// What an update rule that draws examples asks for.
struct DrawnExamples {
  std::vector<OptimizerState> states;  ///< one number for each example
  std::string by;                      ///< the one among them that examples are drawn by
  NodeId counts = kNoNode;             ///< leaf: how often each example is in the batch
};

/// Where the gradients of a swapped emission are taken: a state of that name, which no rule can give.
inline constexpr std::string_view kTrainedWeights = "trained weights";

/// One emission of the update rule: for one parameter, or for all of them laid end to end.
struct Emission {
  std::size_t first = 0;  ///< parameters [first, first + count) of the model
  std::size_t count = 0;
  NodeId parameter = kNoNode;  ///< leaf
  NodeId next = kNoNode;       ///< what it becomes
  std::vector<OptimizerState> states;
  /// The parameter is what the model is evaluated with; during a step the state kTrainedWeights is in its
  /// place.
  bool swapped = false;
  std::optional<DrawnExamples> draws;
};

/// A hyperparameter of a minimizer.
struct MinimizerSetting {
  std::string name;
  NodeId number = kNoNode;  ///< a scalar; kNoNode for a flag
  bool flag = false;
};

/// Second derivatives of what is minimized times a vector.
struct HessianProduct {
  NodeId vector = kNoNode;       ///< leaf, as long as all parameters end to end
  std::vector<NodeId> products;  ///< by parameter, each of its shape
};

/// What training adds to a model's graph: a step of it is one run that assigns every `next`. For a minimizer,
/// which runs parts of it as it likes, there are no emissions.
struct TrainingGraph {
  std::vector<NodeId> gradients;  ///< of what is minimized, by parameter, each of its shape
  std::vector<Emission> emissions;
  NodeId weights = kNoNode;  ///< leaf: of each example of the batch, where a rule draws them
  std::vector<MinimizerSetting> settings;
  std::optional<HessianProduct> hessian_product;
};

/// Appends gradients and the rule's update to the model's graph. A rule that does not ask for the shape of
/// its parameter is emitted once, over the vector of all parameters; any other for each parameter by itself.
/// Throws Error: hyperparameters, an op without a gradient rule, whatever the rule itself throws.
/// REQUIRES: the model has `train:`.
[[nodiscard]] TrainingGraph append_training(CheckedModel& model, const UpdateRule& rule);

class OptimizerGroups;
/// The same with a rule for each group of parameters; neighbours of one group are laid end to end.
[[nodiscard]] TrainingGraph append_training(CheckedModel& model, const OptimizerGroups& optimizer);

/// What the optimizer asks for, whether it is a rule or a minimizer (see append_minimization).
[[nodiscard]] TrainingGraph append_training(CheckedModel& model, const Optimizer& optimizer);

}  // namespace talweg
