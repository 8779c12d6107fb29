#include <talweg/optimizer.hpp>

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2), t = step +
/// 1:
///   x <- x - alpha weight_decay x
///   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
///   x <- x - alpha (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// The corrections are taken out of the quotient: see adam.cpp.
/// epsilon is outside the root; the decay is decoupled and scaled by alpha, as in torch.optim.AdamW.
struct AdamW : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0.01, talweg::non_negative, "alpha times this share of x goes"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1, g = x.gradient();
    auto m = x.state("m"), v = x.state("v");
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * square(g);
    x = x * (1 - alpha * weight_decay);
    const auto root = sqrt(1 - pow(beta2, t));
    x = x - alpha * root / (1 - pow(beta1, t)) * (m / (sqrt(v) + epsilon * root));
  }
};
TALWEG_OPTIMIZER(AdamW, "adamw", "Adam with decoupled weight decay")
