#include <talweg/optimizer.hpp>

/// Nadam (Dozat 2016, "Incorporating Nesterov momentum into Adam", algorithm 2), with t = step + 1:
///   g <- g + weight_decay x;   mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)
///   m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2;   product <- product mu_t
///   x <- x - alpha ((1 - mu_t) g / (1 - product) + mu_{t+1} m / (1 - product mu_{t+1}))
///              / (sqrt(v / (1 - beta2^t)) + epsilon)
/// The correction is taken out of the quotient: see adam.cpp.
/// epsilon is outside the root; the decay is coupled, as in torch.optim.NAdam. The same numbers as PyTorch
/// 1.13's with foreach=True: its single-tensor form keeps the product in float32, and multiplies one momentum
/// too many into it.
struct NAdam : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.002, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};
  talweg::Hyper momentum_decay{"momentum_decay", 0.004, talweg::non_negative, "how fast momentum warms up"};

  void update(talweg::Parameter x) const {
    const auto t = x.step() + 1;
    const auto g = x.gradient() + weight_decay * x;
    const auto momentum = [&](const talweg::Tensor& when) {
      return beta1 * (1 - 0.5 * pow(0.96, when * momentum_decay));
    };
    const auto now = momentum(t), next = momentum(t + 1);
    auto m = x.state("m"), v = x.state("v"), product = x.state("product", 1);
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * square(g);
    product = product * now;
    const auto direction = (1 - now) / (1 - product) * g + next / (1 - product * next) * m;
    const auto root = sqrt(1 - pow(beta2, t));
    x = x - alpha * root * (direction / (sqrt(v) + epsilon * root));
  }
};
TALWEG_OPTIMIZER(NAdam, "nadam", "Adam with Nesterov momentum")
