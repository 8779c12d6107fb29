#include <talweg/minimizer.hpp>

using talweg::Objective;
using talweg::Point;

/// Moves to the last point that it tried, though none was lower.
struct MinimizerMoves : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "first step size that is tried"};

  void step(Objective& f) const {
    const Point now = f.point();
    Point next = now;
    double t = f[alpha];
    for (int i = 0; i < 20; ++i, t /= 2) {
      next = f.at(now.x - t * now.gradient);
      if (next.value < now.value) return f.move_to(next);
    }
    f.move_to(next);
    f.stop("no shorter step leads down");
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerMoves, "minimizer_moves", "Halved steps, the last of which is always taken")
