#include <talweg/optimizer.hpp>

/// Resilient backpropagation (Riedmiller and Braun 1993; iRprop- of Igel and Huesken 2000, algorithm 3), each
/// element with a step size d of its own, alpha at first:
///   same = g before
///   d <- clip(d factor, alpha_min, alpha_max), factor = eta_plus where same > 0, eta_minus where < 0, else 1
///   g <- 0 where same < 0;   x <- x - d sign(g);   before <- g
/// As torch.optim.Rprop. For the whole data at once: noise in the gradient changes its sign.
struct Rprop : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size of every element at first"};
  talweg::Hyper eta_minus{"eta_minus", 0.5, talweg::in(0, 1), "factor where the gradient changes its sign"};
  talweg::Hyper eta_plus{"eta_plus", 1.2, talweg::Range{1, 1e3, 0}, "factor where it keeps its sign"};
  talweg::Hyper alpha_min{"alpha_min", 1e-6, talweg::positive, "least step size"};
  talweg::Hyper alpha_max{"alpha_max", 50, talweg::positive, "largest step size"};

  void update(talweg::Parameter x) const {
    auto d = x.state("step_size"), before = x.state("before");
    const auto same = x.gradient() * before;
    const auto factor = where(same > 0, eta_plus, where(same < 0, eta_minus, 1));
    d = where(x.step() > 0, clip(d * factor, alpha_min, alpha_max), alpha);
    before = where(same < 0, 0, x.gradient());
    x = x - d * sign(before);
  }
};
TALWEG_OPTIMIZER(Rprop, "rprop", "Step sizes that follow the gradient's sign")
