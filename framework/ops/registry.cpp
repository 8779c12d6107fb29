#include "ops/registry.hpp"

namespace talweg {

void register_ops() {
  static const bool registered = [] {
    register_leaves();
    register_arithmetic();
    register_activations();
    register_reductions();
    register_linear_algebra();
    register_layout();
    return true;
  }();
  static_cast<void>(registered);
}

}  // namespace talweg
