#include <talweg/optimizer.hpp>

/// Adagrad (Duchi, Hazan and Singer 2011, "Adaptive subgradient methods", figure 1, diagonal):
///   g <- g + weight_decay x;   s <- s + g^2;   x <- x - alpha g / (sqrt(initial + s) + epsilon)
/// epsilon is outside the root; the decay is coupled, as in torch.optim.Adagrad. Its lr_decay is a schedule
/// here: alpha: 0.01 / (1 + lr_decay * step).
struct Adagrad : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper epsilon{"epsilon", 1e-10, talweg::non_negative, "added to the root"};
  talweg::Hyper initial{"initial", 0, talweg::non_negative, "what the sum of squares starts from"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient() + weight_decay * x;
    auto s = x.state("sum");
    s = s + square(g);
    x = x - alpha * g / (sqrt(initial + s) + epsilon);
  }
};
TALWEG_OPTIMIZER(Adagrad, "adagrad", "Steps scaled by the root of the sum of squared gradients")
