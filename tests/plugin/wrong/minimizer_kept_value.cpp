#include <talweg/minimizer.hpp>

using talweg::Objective;
using talweg::Point;

/// Compares the values of a step with one that it kept from the step before, which may be of other examples.
struct MinimizerKeptValue : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "first step size that is tried"};

  void step(Objective& f) const {
    const Point now = f.point();
    double& lowest = f.number("lowest", 1e300);
    double t = f[alpha];
    for (int i = 0; i < 66; ++i, t /= 2) {
      const Point next = f.at(now.x - t * now.gradient);
      if (next.value >= std::min(lowest, 1e300)) continue;
      lowest = next.value;
      return f.move_to(next);
    }
    f.stop("no shorter step leads down");
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerKeptValue, "minimizer_kept_value",
                        "Halved steps against the lowest value so far")
