#include <talweg/optimizer.hpp>

/// Nesterov's accelerated gradient, as Sutskever et al. 2013 ("On the importance of initialization and
/// momentum in deep learning", equations 3 and 4) write it, seen from the point that looks ahead:
///   v <- mu v + g;   x <- x - alpha (g + mu v)
/// As torch.optim.SGD with nesterov=True: alpha is outside of v.
struct Nesterov : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper mu{"mu", 0.9, talweg::in(0, 1), "share of the last direction kept"};

  void update(talweg::Parameter x) const {
    auto v = x.state("velocity");
    v = mu * v + x.gradient();
    x = x - alpha * (x.gradient() + mu * v);
  }
};
TALWEG_OPTIMIZER(Nesterov, "nesterov", "Nesterov's accelerated gradient")
