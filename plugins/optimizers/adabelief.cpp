#include <talweg/optimizer.hpp>

/// AdaBelief (Zhuang et al. 2020, arXiv:2010.07468, algorithm 2), with t = step + 1:
///   x <- x - alpha weight_decay x
///   m <- beta1 m + (1 - beta1) g;   s <- beta2 s + (1 - beta2) (g - m)^2 + epsilon
///   x <- x - alpha (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon)
/// The corrections are taken out of the quotient: see adam.cpp.
/// epsilon is both within s and outside the root; the decay is decoupled and scaled by alpha.
struct AdaBelief : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squared surprise"};
  talweg::Hyper epsilon{"epsilon", 1e-16, talweg::non_negative, "added to the average and to its root"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "alpha times this share of x goes"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1, g = x.gradient();
    auto m = x.state("m"), s = x.state("s");
    m = beta1 * m + (1 - beta1) * g;
    s = beta2 * s + (1 - beta2) * square(g - m) + epsilon;
    x = x * (1 - alpha * weight_decay);
    const auto root = sqrt(1 - pow(beta2, t));
    x = x - alpha * root / (1 - pow(beta1, t)) * (m / (sqrt(s) + epsilon * root));
  }
};
TALWEG_OPTIMIZER(AdaBelief, "adabelief", "Adam scaled by how far gradients are from their average")
