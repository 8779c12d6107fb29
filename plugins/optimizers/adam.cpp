#include <talweg/optimizer.hpp>

/// Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1), with t = step + 1:
///   g <- g + weight_decay x
///   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2
///   x <- x - alpha (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// The corrections are taken out of the quotient, as in the paper's section 2: an element costs one division.
/// epsilon is outside the root; the decay is coupled: it goes through m and v, as in torch.optim.Adam.
struct Adam : talweg::UpdateRule {
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
    const auto root = sqrt(1 - pow(beta2, t));
    x = x - alpha * root / (1 - pow(beta1, t)) * (m / (sqrt(v) + epsilon * root));
  }
};
TALWEG_OPTIMIZER(Adam, "adam", "Adam: steps scaled by averages of the gradient and of its square")
