#include <talweg/optimizer.hpp>

/// Gradient descent whose step size is divided by a whole number.
struct Divided : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper parts{"parts", 2, talweg::whole(1, 10), "what it is divided by"};

  void update(talweg::Parameter x) const { x = x - alpha / parts * x.gradient(); }
};
TALWEG_OPTIMIZER(Divided, "divided", "Gradient descent by a part of alpha")
