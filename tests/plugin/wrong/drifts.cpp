#include <talweg/optimizer.hpp>

/// Steps of one size in every element: where there is no slope, too.
struct Drifts : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "length of a step"};

  void update(talweg::Parameter x) const { x = x - alpha * where(x.gradient() >= 0, 1, -1); }
};
TALWEG_OPTIMIZER(Drifts, "drifts", "Sign descent that takes zero for positive")
