#include <talweg/optimizer.hpp>

/// Heavy-ball momentum (Polyak 1964):  v <- mu v - alpha g;   x <- x + v
/// Dampened: (1 - mu) alpha in place of alpha, from the first step on (torch.optim.SGD: from the second).
struct Momentum : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last step kept"};
  talweg::Flag dampened{"dampened", false, "v is an average of steps, not their sum"};

  void update(talweg::Parameter x) const {
    auto v = x.state("velocity");  // zeros of x's shape; kept, saved and restored by the host
    v = mu * v - (dampened ? (1 - mu) * alpha : alpha) * x.gradient();
    x = x + v;
  }
};
TALWEG_OPTIMIZER(Momentum, "momentum", "Heavy-ball momentum")
