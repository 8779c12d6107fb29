#include <talweg/optimizer.hpp>

/// AMSGrad (Reddi, Kale and Kumar 2018, arXiv:1904.09237, algorithm 2), with t = step + 1:
///   g <- g + weight_decay x
///   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2;   largest <- max(largest, v)
///   x <- x - alpha (m / (1 - beta1^t)) / (sqrt(largest / (1 - beta2^t)) + epsilon)
/// The corrections are taken out of the quotient: see adam.cpp.
/// With the bias corrections of Adam and epsilon outside the root, which the paper lacks, and coupled decay:
/// as torch.optim.Adam with amsgrad=True.
struct AmsGrad : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1;
    const auto g = x.gradient() + weight_decay * x;
    auto m = x.state("m"), v = x.state("v"), largest = x.state("largest");
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * square(g);
    largest = maximum(largest, v);
    const auto root = sqrt(1 - pow(beta2, t));
    x = x - alpha * root / (1 - pow(beta1, t)) * (m / (sqrt(largest) + epsilon * root));
  }
};
TALWEG_OPTIMIZER(AmsGrad, "amsgrad", "Adam with the largest average of squares so far")
