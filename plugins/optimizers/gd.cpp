#include <talweg/optimizer.hpp>

/// Gradient descent:  x <- x - alpha g
struct GradientDescent : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const { x = x - alpha * x.gradient(); }
};
TALWEG_OPTIMIZER(GradientDescent, "gd", "Gradient descent")
