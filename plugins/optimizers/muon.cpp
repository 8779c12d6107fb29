#include <algorithm>
#include <cmath>
#include <talweg/optimizer.hpp>

/// Muon (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"), for each matrix by
/// itself:
///   m <- mu m + (1 - mu) g;   y = mu m + (1 - mu) g;   y <- y / (|y| + epsilon)
///   five times: y <- a y + (b y y' + c (y y')^2) y, with (a, b, c) = (3.4445, -4.7750, 2.0315)
///   x <- x - alpha weight_decay x - alpha sqrt(max(1, rows / columns)) y
/// The Newton-Schulz iteration takes the singular values of y to about 1; the decay is decoupled, as in
/// torch.optim.Muon. Parameters that are no matrices go by AdamW with adamw_alpha, beta1, beta2 and a decay
/// of 0: alpha, mu and weight_decay do nothing for them. The first and the last layer of a network do better
/// by adamw as well: groups say so.
struct Muon : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size of matrices"};
  talweg::Hyper mu{"mu", 0.95, talweg::in(0, 1), "share of the last direction kept"};
  talweg::Hyper weight_decay{"weight_decay", 0.1, talweg::non_negative, "alpha times this share of x goes"};
  talweg::Hyper epsilon{"epsilon", 1e-7, talweg::positive, "added to the norm"};
  talweg::Hyper adamw_alpha{"adamw_alpha", 0.0003, talweg::positive,
                            "step size of all but matrices, for which alpha does nothing"};
  talweg::Hyper beta1{"beta1", 0.9, talweg::in(0, 1), "AdamW's decay of the average of gradients"};
  talweg::Hyper beta2{"beta2", 0.95, talweg::in(0, 1), "AdamW's decay of the average of squares"};

  void update(talweg::Parameter x) const {
    if (x.rank() != 2) return update_by_adam(x);
    auto m = x.state("m");
    m = mu * m + (1 - mu) * x.gradient();
    const bool tall = x.size(0) > x.size(1);  // the smaller of both products
    auto y = mu * m + (1 - mu) * x.gradient();
    if (tall) y = transpose(y);
    y = y / (norm(y) + epsilon);
    for (int iteration = 0; iteration < 5; ++iteration) {
      const auto product = matmul(y, transpose(y));
      y = 3.4445 * y + matmul(-4.775 * product + 2.0315 * matmul(product, product), y);
    }
    if (tall) y = transpose(y);
    const double ratio = static_cast<double>(x.size(0)) / static_cast<double>(x.size(1));
    x = x * (1 - alpha * weight_decay) - alpha * std::sqrt(std::max(1.0, ratio)) * y;
  }

  void update_by_adam(talweg::Parameter x) const {
    const auto t = x.step() + 1, g = x.gradient();
    auto m = x.state("m"), v = x.state("v");
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * square(g);
    x = x - adamw_alpha * (m / (1 - pow(beta1, t))) / (sqrt(v / (1 - pow(beta2, t))) + 1e-8);
  }
};
TALWEG_OPTIMIZER(Muon, "muon", "Orthogonal steps for matrices, AdamW for the rest")
