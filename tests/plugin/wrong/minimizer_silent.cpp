#include <talweg/minimizer.hpp>

using talweg::Objective;
using talweg::Point;

/// Stays where it is when no point is lower, and says nothing: the training goes on to its last step.
struct MinimizerSilent : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "first step size that is tried"};

  void step(Objective& f) const {
    const Point now = f.point();
    double t = f[alpha];
    for (int i = 0; i < 66; ++i, t /= 2) {
      const Point next = f.at(now.x - t * now.gradient);
      if (next.value < now.value) return f.move_to(next);
    }
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerSilent, "minimizer_silent", "Halved steps that end without a word")
