#include <cstdlib>
#include <talweg/optimizer.hpp>

/// As an assertion that fails.
struct Crashes : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    std::abort();
    x = x - alpha * x.gradient();
  }
};
TALWEG_OPTIMIZER(Crashes, "crashes", "Ends the process")
