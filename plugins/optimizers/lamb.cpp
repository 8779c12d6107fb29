#include <talweg/optimizer.hpp>

/// LAMB (You et al. 2020, arXiv:1904.00962, algorithm 2), with t = step + 1, for each parameter by itself:
///   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
///   u = (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon) + weight_decay x
///   x <- x - alpha (|x| / |u|) u, with 1 in place of |x| / |u| where one of both is 0
/// The corrections are taken out of the quotient: see adam.cpp.
/// epsilon is outside the root; the decay is decoupled from m and v, and scaled with the whole step.
struct Lamb : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size relative to x"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper epsilon{"epsilon", 1e-6, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0.01, talweg::non_negative, "share of x added to the direction"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1, g = x.gradient();
    auto m = x.state("m"), v = x.state("v");
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * square(g);
    const auto root = sqrt(1 - pow(beta2, t));
    const auto adam = root / (1 - pow(beta1, t)) * (m / (sqrt(v) + epsilon * root));
    const auto u = adam + weight_decay * x;
    const auto size = norm(x), length = norm(u);
    const auto trust = where(size * length > 0, size / where(length > 0, length, 1), 1);
    x = x - alpha * trust * u;
  }
};
TALWEG_OPTIMIZER(Lamb, "lamb", "Adam with steps as long as each parameter is large")
