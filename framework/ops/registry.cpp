#include "ops/registry.hpp"

namespace talweg {

void register_ops() {
  static const bool registered = [] {
    register_leaves();
    register_filling();
    register_arithmetic();
    register_division();
    register_power();
    register_exponentials();
    register_trigonometry();
    register_rounding();
    register_comparisons();
    register_activations();
    register_reductions();
    register_statistics();
    register_positions();
    register_linear_algebra();
    register_products();
    register_layout();
    register_slicing();
    register_joining();
    register_gathering();
    register_convolution();
    register_pooling();
    register_padding();
    register_einsum();
    register_losses();
    register_random();
    return true;
  }();
  static_cast<void>(registered);
}

}  // namespace talweg
