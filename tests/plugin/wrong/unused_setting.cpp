#include <talweg/optimizer.hpp>

/// Has a hyperparameter that changes nothing.
struct UnusedSetting : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last step kept"};

  void update(talweg::Parameter x) const {
    auto v = x.state("velocity");
    v = 0.9 * v - alpha * x.gradient();
    x = x + v;
  }
};
TALWEG_OPTIMIZER(UnusedSetting, "unused_setting", "Momentum that is fixed")
