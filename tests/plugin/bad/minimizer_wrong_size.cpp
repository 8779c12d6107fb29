#include <talweg/minimizer.hpp>

struct MinimizerWrongSize : talweg::Minimizer {
  void step(talweg::Objective& f) const { f.move_to(f.at(talweg::Vector(f.size() + 1))); }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerWrongSize, "minimizer_wrong_size", "Evaluates a vector of another size")
