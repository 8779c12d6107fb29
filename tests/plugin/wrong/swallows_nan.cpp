#include <talweg/optimizer.hpp>

/// Takes a gradient that is not a number for zero.
struct SwallowsNan : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient();
    x = x - alpha * where(equal(g, g), g, 0);
  }
};
TALWEG_OPTIMIZER(SwallowsNan, "swallows_nan", "Gradient descent that goes on whatever comes")
