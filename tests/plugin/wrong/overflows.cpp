#include <talweg/optimizer.hpp>

/// Scales by a number that float32 does not have.
struct Overflows : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    const auto scaled = 1e200 * x.gradient();
    x = x - alpha * scaled / 1e200;
  }
};
TALWEG_OPTIMIZER(Overflows, "overflows", "Gradient descent, scaled up and down again")
