#include <talweg/minimizer.hpp>

struct MinimizerState : talweg::Minimizer {
  void step(talweg::Objective& f) const {
    f.number("kept") += f.value();
    f.move_to(0.5 * f.x());
    static_cast<void>(f.state("kept", f.size()));
  }
};
TALWEG_MINIMIZER_PLUGIN(MinimizerState, "minimizer_state", "Asks for one state in two sizes")
