#include <talweg/minimizer.hpp>

using talweg::Objective;
using talweg::Point;

/// Evaluates one point and moves to another.
struct MinimizerOtherPoint : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "first step size that is tried"};

  void step(Objective& f) const {
    const Point now = f.point();
    double t = f[alpha];
    for (int i = 0; i < 66; ++i, t /= 2)
      if (f.at(now.x - t * now.gradient).value < now.value) return f.move_to(now.x - 3 * t * now.gradient);
    f.stop("no shorter step leads down");
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerOtherPoint, "minimizer_other_point", "Halved steps, and then three of them")
