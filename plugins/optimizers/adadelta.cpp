#include <talweg/optimizer.hpp>

/// Adadelta (Zeiler 2012, arXiv:1212.5701, algorithm 1):
///   g <- g + weight_decay x;   s <- rho s + (1 - rho) g^2
///   d = sqrt(u + epsilon) / sqrt(s + epsilon) g
///   u <- rho u + (1 - rho) d^2;   x <- x - alpha d
/// epsilon is inside both roots; the paper's alpha is 1; the decay is coupled, as in torch.optim.Adadelta.
struct Adadelta : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "step size"};
  talweg::Hyper rho{"rho", 0.9, talweg::in(0, 1), "decay of both averages"};
  talweg::Hyper epsilon{"epsilon", 1e-6, talweg::positive, "added within the roots"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient() + weight_decay * x;
    auto s = x.state("squares"), u = x.state("steps");
    s = rho * s + (1 - rho) * square(g);
    const auto d = sqrt(u + epsilon) / sqrt(s + epsilon) * g;
    u = rho * u + (1 - rho) * square(d);
    x = x - alpha * d;
  }
};
TALWEG_OPTIMIZER(Adadelta, "adadelta",
                 "Steps in the units of x: averages of its steps over those of gradients")
