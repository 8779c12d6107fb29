#include <talweg/optimizer.hpp>

/// Gradient ascent.
struct Climbs : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const { x = x + alpha * x.gradient(); }
};
TALWEG_OPTIMIZER(Climbs, "climbs", "The wrong sign")
