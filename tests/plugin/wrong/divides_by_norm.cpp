#include <talweg/optimizer.hpp>

/// 0 / 0 where there is no slope.
struct DividesByNorm : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "length of a step"};

  void update(talweg::Parameter x) const { x = x - alpha * x.gradient() / norm(x.gradient()); }
};
TALWEG_OPTIMIZER(DividesByNorm, "divides_by_norm", "Steps of one length")
