#include <talweg/optimizer.hpp>

/// 1 / 2 is the integer 0.
struct Stays : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  // NOLINTNEXTLINE(bugprone-integer-division): that is what is wrong with it.
  void update(talweg::Parameter x) const { x = x - 1 / 2 * alpha * x.gradient(); }
};
TALWEG_OPTIMIZER(Stays, "stays", "Half a step that is none")
