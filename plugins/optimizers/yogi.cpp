#include <talweg/optimizer.hpp>

/// Yogi (Zaheer et al. 2018, "Adaptive methods for nonconvex optimization", algorithm 2):
///   m <- beta1 m + (1 - beta1) g;   v <- v - (1 - beta2) sign(v - g^2) g^2
///   x <- x - alpha m / (sqrt(v) + epsilon)
/// epsilon is outside the root; as printed there is no bias correction and no weight decay, and v starts at
/// 0.
struct Yogi : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "one less it, the speed of v"};
  talweg::Hyper epsilon{"epsilon", 0.001, talweg::non_negative, "added to the root"};

  void update(talweg::Parameter x) const {
    const auto g = x.gradient(), squared = square(g);
    auto m = x.state("m"), v = x.state("v");
    m = beta1 * m + (1 - beta1) * g;
    v = v - (1 - beta2) * sign(v - squared) * squared;
    x = x - alpha * m / (sqrt(v) + epsilon);
  }
};
TALWEG_OPTIMIZER(Yogi, "yogi", "Adam whose average of squares moves by steps of the gradient's size")
