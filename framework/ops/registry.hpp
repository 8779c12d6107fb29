#pragma once

namespace talweg {

/// Registers every op and every function of the model language, once; later calls do nothing.
void register_ops();

// One a family, each in the file of its name.
void register_leaves();
void register_filling();
void register_arithmetic();
void register_division();
void register_power();
void register_exponentials();
void register_trigonometry();
void register_rounding();
void register_comparisons();
void register_activations();
void register_reductions();
void register_statistics();
void register_positions();
void register_linear_algebra();
void register_products();
void register_layout();
void register_slicing();
void register_joining();
void register_gathering();
void register_convolution();
void register_pooling();
void register_padding();
void register_einsum();
void register_losses();
void register_random();

}  // namespace talweg
