#include <talweg/optimizer.hpp>

/// Counts the parameters: the step of each depends on its place.
struct FirstParameter : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    static int calls = 0;
    const double factor = 1 + calls++ % 5;
    x = x - factor * alpha * x.gradient() / (norm(x.gradient()) + 1);
  }
};
TALWEG_OPTIMIZER(FirstParameter, "first_parameter", "Normalized steps that depend on a parameter's place")
