#include <talweg/optimizer.hpp>

/// Heavy-ball momentum (Polyak 1964):  v <- mu v - alpha g;   x <- x + v
struct Momentum : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last step kept"};

  void update(talweg::Parameter x) const {
    auto v = x.state("velocity");  // zeros of x's shape; kept, saved and restored by the host
    v = mu * v - alpha * x.gradient();
    x = x + v;
  }
};
TALWEG_OPTIMIZER(Momentum, "momentum", "Heavy-ball momentum")
