#include <talweg/minimizer.hpp>

struct MinimizerUndeclared : talweg::Minimizer {
  void step(talweg::Objective& f) const {
    const talweg::Point now = f.point();
    f.move_to(now.x - f.hessian_vector(now.x, now.gradient));
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerUndeclared, "minimizer_undeclared", "Uses second derivatives without a word")
