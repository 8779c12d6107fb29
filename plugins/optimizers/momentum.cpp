#include <talweg/optimizer.hpp>

/// Heavy-ball momentum (Polyak 1964):  v <- mu v - alpha (g + weight_decay x);   x <- x + v
/// Decay is coupled, as in torch.optim.SGD. Dampened: (1 - mu) alpha for alpha, in step 1 too, unlike there.
struct Momentum : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last step kept"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};
  talweg::Flag dampened{"dampened", false, "v is an average of steps, not their sum"};

  void update(talweg::Parameter x) const {
    auto v = x.state("velocity");  // zeros of x's shape; kept, saved and restored by the host
    v = mu * v - (dampened ? (1 - mu) * alpha : alpha) * (x.gradient() + weight_decay * x);
    x = x + v;
  }
};
TALWEG_OPTIMIZER(Momentum, "momentum", "Heavy-ball momentum")
