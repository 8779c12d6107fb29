#include <talweg/optimizer.hpp>

/// Lion (Chen et al. 2023, arXiv:2302.06675, algorithm 2):
///   x <- x - alpha (sign(beta1 m + (1 - beta1) g) + weight_decay x)
///   m <- beta2 m + (1 - beta2) g
/// The decay is decoupled and scaled by alpha.
struct Lion : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.0001, talweg::positive, "step size: how far every element moves"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "share of m in the direction"};
  talweg::Hyper beta2{"beta2", 0.99, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "alpha times this share of x goes"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient();
    auto m = x.state("m");
    x = x - alpha * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * x);
    m = beta2 * m + (1 - beta2) * g;
  }
};
TALWEG_OPTIMIZER(Lion, "lion", "The sign of momentum")
