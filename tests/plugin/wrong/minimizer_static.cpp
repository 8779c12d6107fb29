#include <talweg/minimizer.hpp>

using talweg::Objective;
using talweg::Vector;

/// Keeps its velocity in the library, not in a state of the host's: a checkpoint does not have it.
struct MinimizerStatic : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 0.001, talweg::positive, "step size"};

  void step(Objective& f) const {
    static Vector velocity;
    if (f.step() == 0) velocity = Vector(f.size());
    if (velocity.size() != f.size()) velocity = Vector(f.size());
    velocity = 0.9 * velocity + -f[alpha] * f.gradient();
    f.move_to(f.x() + velocity);
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerStatic, "minimizer_static", "Momentum that is kept in the library")
