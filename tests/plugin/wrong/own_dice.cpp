#include <cstdlib>
#include <talweg/optimizer.hpp>

/// Draws from a generator of its own: no two trainings are the same.
struct OwnDice : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    x = x - alpha * (1 + 0.01 * std::rand() / RAND_MAX) * x.gradient();  // NOLINT: that is the mistake
  }
};
TALWEG_OPTIMIZER(OwnDice, "own_dice", "Gradient descent with a step size that is drawn")
