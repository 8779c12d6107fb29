#include <talweg/optimizer.hpp>

/// Sharpness-aware minimization (Foret et al. 2021, arXiv:2010.01412, algorithm 1, with p = 2):
///   e = rho g / (|g| + 1e-12),   h the gradient at x + e
///   v <- mu v + h;   x <- x - alpha v
/// |g| is the norm of the gradients of all parameters together. The rule beneath is gradient descent, with
/// momentum where mu is not 0. A step takes two gradients.
struct Sam : talweg::UpdateRule {
  static constexpr bool kAllParameters = true;

  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper rho{"rho", 0.05, talweg::non_negative, "how far up the slope is looked at"};
  talweg::Hyper mu{"mu", 0, talweg::in(0, 1), "share of the last direction kept"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient();
    auto v = x.state("velocity");
    v = mu * v + x.gradient_at(x + rho * g / (norm(g) + 1e-12));
    x = x - alpha * v;
  }
};
TALWEG_OPTIMIZER(Sam, "sam", "Gradient descent by the slope at the steepest point nearby")
