#include <talweg/optimizer.hpp>

/// RMSprop (Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, arXiv:1308.0850, equations 38 to
/// 45):
///   g <- g + weight_decay x;   s <- rho s + (1 - rho) g^2
///   centered: a <- rho a + (1 - rho) g, and s - a^2 in place of s in the next line
///   v <- mu v + g / (sqrt(s) + epsilon);   x <- x - alpha v
/// epsilon is outside the root; the decay is coupled, as in torch.optim.RMSprop, whose alpha is rho here.
struct RMSprop : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper rho{"rho", 0.99, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper mu{"mu", 0, talweg::in(0, 1), "share of the last direction kept"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};
  talweg::Flag centered{"centered", false, "scale by the variance of gradients, not by their square"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient() + weight_decay * x;
    auto s = x.state("squares"), v = x.state("velocity");
    s = rho * s + (1 - rho) * square(g);
    talweg::Tensor spread = s;
    if (centered) {
      auto a = x.state("mean");
      a = rho * a + (1 - rho) * g;
      spread = s - square(a);
    }
    v = mu * v + g / (sqrt(spread) + epsilon);
    x = x - alpha * v;
  }
};
TALWEG_OPTIMIZER(RMSprop, "rmsprop", "Steps scaled by the root of an average of squared gradients")
