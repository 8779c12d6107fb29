#include <talweg/optimizer.hpp>

/// Gradient descent:  x <- x - alpha (g + weight_decay x)
/// The decay is coupled, as in torch.optim.SGD.
struct GradientDescent : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper weight_decay{"weight_decay", 0, talweg::non_negative, "share of x added to its gradient"};

  void update(talweg::Parameter x) const { x = x - alpha * (x.gradient() + weight_decay * x); }
};
TALWEG_OPTIMIZER(GradientDescent, "gd", "Gradient descent")
