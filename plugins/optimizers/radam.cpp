#include <talweg/optimizer.hpp>

/// RAdam (Liu et al. 2020, arXiv:1908.03265, algorithm 2), with t = step + 1:
///   g <- g + weight_decay x
///   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
///   limit = 2 / (1 - beta2) - 1;   rho = limit - 2 t beta2^t / (1 - beta2^t)
///   r = sqrt((rho - 4) (rho - 2) limit / ((limit - 4) (limit - 2) rho))
///   x <- x - alpha (m / (1 - beta1^t)) (r sqrt(1 - beta2^t) / (sqrt(v) + epsilon) where rho > 5, else 1)
/// epsilon is outside the root and before the bias correction, the threshold 5 (4 in the paper), and the
/// decay coupled: as torch.optim.RAdam.
struct RAdam : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1;
    const auto g = x.gradient() + weight_decay * x;
    auto m = x.state("m"), v = x.state("v");
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * square(g);
    const auto correction = 1 - pow(beta2, t), limit = 2 / (1 - beta2) - 1;
    const auto length = limit - 2 * t * pow(beta2, t) / correction;
    const auto rho = maximum(length, 5);  // no root of what is negative where it is not used
    const auto r = sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
    const auto scale = where(length > 5, r * sqrt(correction) / (sqrt(v) + epsilon), 1);
    x = x - alpha / (1 - pow(beta1, t)) * m * scale;
  }
};
TALWEG_OPTIMIZER(RAdam, "radam", "Adam that waits until its average of squares can be trusted")
