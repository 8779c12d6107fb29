#include <talweg/minimizer.hpp>

struct MinimizerBlind : talweg::Minimizer {
  void step(talweg::Objective& f) const { f.move_to(0.5 * f.x()); }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerBlind, "minimizer_blind", "Never evaluates the objective")
