#pragma once

#include <vector>

#include "training/checkpoint.hpp"
#include "training/training_state.hpp"
#include "training/weights.hpp"

namespace talweg {

/// All that it takes to go on from the state as it is, to the bit.
[[nodiscard]] Checkpoint make_checkpoint(const TrainingState& state);
/// Throws Error{files} where the checkpoint is of another model, and changes nothing then.
void restore_checkpoint(TrainingState& state, const Checkpoint& checkpoint);

/// What the trained model consists of: its parameters and states, with `keep:` the best so far.
[[nodiscard]] Weights weights_of(const TrainingState& state);
/// Takes those. Throws Error{files} that begins with `path` where they are of another model, and changes
/// nothing then.
void restore_weights(TrainingState& state, const std::vector<NamedTensor>& weights, const std::string& path);

}  // namespace talweg
