#pragma once

namespace talweg {

/// Registers every op and every function of the model language, once; later calls do nothing.
void register_ops();

// One a family, each in the file of its name.
void register_leaves();
void register_arithmetic();
void register_activations();
void register_reductions();
void register_linear_algebra();
void register_layout();

}  // namespace talweg
