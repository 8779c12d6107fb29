#include <talweg/optimizer.hpp>

/// Nesterov's accelerated gradient, as Sutskever et al. 2013 ("On the importance of initialization and
/// momentum in deep learning", equations 3 and 4) write it, seen from the point that looks ahead:
///   g <- g + weight_decay x;   v <- mu v + g;   x <- x - alpha (g + mu v)
/// As torch.optim.SGD with nesterov=True: alpha is outside of v, and the decay is coupled.
struct Nesterov : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last direction kept"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient() + weight_decay * x;
    auto v = x.state("velocity");
    v = mu * v + g;
    x = x - alpha * (g + mu * v);
  }
};
TALWEG_OPTIMIZER(Nesterov, "nesterov", "Nesterov's accelerated gradient")
