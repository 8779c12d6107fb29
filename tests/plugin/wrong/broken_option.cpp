#include <talweg/optimizer.hpp>

/// Works with its defaults; the option asks for a function that there is not.
struct BrokenOption : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Flag signs{"signs", false, "the sign of the gradient alone"};

  void update(talweg::Parameter x) const {
    x = x - alpha * (signs ? talweg::call("signum", {x.gradient()}) : x.gradient());
  }
};
TALWEG_OPTIMIZER(BrokenOption, "broken_option", "Gradient descent with an option that fails")
