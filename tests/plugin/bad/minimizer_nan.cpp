#include <talweg/minimizer.hpp>

struct MinimizerNan : talweg::Minimizer {
  void step(talweg::Objective& f) const {
    talweg::Point now = f.point();
    now.x[1] = std::nan("");
    f.move_to(now.x);
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerNan, "minimizer_nan", "Moves to where there is no number")
