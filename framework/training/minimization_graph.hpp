#pragma once

#include "graph/minimizer.hpp"
#include "training/training_graph.hpp"

namespace talweg {

/// Appends to the model's graph what a minimizer asks for: gradients, its hyperparameters, and second
/// derivatives times a vector, as the gradient of (gradient . vector). Throws Error: hyperparameters, an op
/// without a gradient rule. REQUIRES: the model has `train:`.
[[nodiscard]] TrainingGraph append_minimization(CheckedModel& model, const Minimizer& minimizer);

}  // namespace talweg
