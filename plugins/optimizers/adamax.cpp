#include <talweg/optimizer.hpp>

/// AdaMax (Kingma and Ba 2015, arXiv:1412.6980, algorithm 2), with t = step + 1:
///   g <- g + weight_decay x
///   m <- beta1 m + (1 - beta1) g;   u <- max(beta2 u, |g| + epsilon)
///   x <- x - alpha (m / (1 - beta1^t)) / u
/// epsilon is inside the maximum, so that u is not zero, and the decay is coupled: as torch.optim.Adamax.
struct AdaMax : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.002, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the largest gradient"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the gradient's size"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1;
    const auto g = x.gradient() + weight_decay * x;
    auto m = x.state("m"), u = x.state("u");
    m = beta1 * m + (1 - beta1) * g;
    u = maximum(beta2 * u, abs(g) + epsilon);
    x = x - alpha / (1 - pow(beta1, t)) * m / u;
  }
};
TALWEG_OPTIMIZER(AdaMax, "adamax", "Adam with the largest gradient in place of the average of squares")
