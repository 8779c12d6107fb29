#include <talweg/minimizer.hpp>

struct MinimizerThrows : talweg::Minimizer {
  void step(talweg::Objective& f) const {
    talweg::Point now = f.point();
    f.move_to(now.x - 0.1 * now.gradient);
    if (f.step() == 1) throw std::runtime_error("out of ideas");
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerThrows, "minimizer_throws", "Throws an exception in its second step")
