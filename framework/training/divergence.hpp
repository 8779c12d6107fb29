#pragma once

#include <talweg/error.hpp>

#include "training/training_state.hpp"

namespace talweg {

/// Says why the next step from the present values goes wrong: an Error{diverged} that names the first node
/// whose value is not finite and that made what is minimized, a parameter or a state so; with its place in
/// the model file and the sizes of its inputs. An infinity that leads to none of these is not named.
[[nodiscard]] Error explain_divergence(TrainingState& state);

}  // namespace talweg
