#include <talweg/optimizer.hpp>

/// Schedule-free AdamW (Defazio et al. 2024, arXiv:2405.15682, algorithm 1), with t = step + 1:
///   v <- beta2 v + (1 - beta2) g^2;   d = g / (sqrt(v / (1 - beta2^t)) + epsilon) + weight_decay x
///   z <- z - alpha d;   c = alpha^2 / (the sum of alpha^2 so far)
///   average <- (1 - c) average + c z;   x <- (1 - beta1) z + beta1 average
/// The correction is taken out of the quotient: see adam.cpp.
/// x is the paper's y, where gradients are taken, and the average its x, what the model consists of. Without
/// `scaled`, d = g + weight_decay x: the paper's equations 3 to 5. epsilon is outside the root; the decay is
/// decoupled and at x. A warm-up is an alpha that grows: steps count by its square.
struct ScheduleFree : talweg::UpdateRule {
  static constexpr bool kSwapsWeights = true;

  talweg::Hyper alpha{"alpha", 0.0025, talweg::positive, "step size"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "share of the average where the gradient is taken"};
  talweg::Hyper beta2{"beta2", 0.999, talweg::in(0, 1), "decay of the average of squares"};
  talweg::Hyper epsilon{"epsilon", 1e-8, talweg::non_negative, "added to the root"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "alpha times this share of x goes"};
  talweg::Flag scaled{"scaled", true, "steps as long as Adam's, not as the gradient"};

  void update(talweg::Parameter x) const {
    auto z = x.copy("z"), average = x.copy("average"), total = x.state("total");
    z = z - alpha * (direction(x) + weight_decay * x);
    total = total + alpha * alpha;
    average = average + where(total > 0, alpha * alpha / total, 0) * (z - average);
    x = (1 - beta1) * z + beta1 * average;
    x.evaluate_with(average);
  }

  [[nodiscard]] talweg::Tensor direction(talweg::Parameter x) const {
    if (!scaled) return x.gradient();
    auto v = x.state("v");
    v = beta2 * v + (1 - beta2) * square(x.gradient());
    const auto root = sqrt(1 - pow(beta2, x.step() + 1));
    return root * (x.gradient() / (sqrt(v) + epsilon * root));
  }
};
TALWEG_OPTIMIZER(ScheduleFree, "schedule_free", "AdamW whose averaged weights need no schedule of alpha")
