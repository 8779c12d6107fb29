#include <talweg/minimizer.hpp>

/// A line search that never ends.
struct Loops : talweg::Minimizer {
  void step(talweg::Objective& f) const {
    for (talweg::Vector x = f.x();; x *= 0.5) static_cast<void>(f.value_at(x));
  }
};
TALWEG_MINIMIZER_PLUGIN(Loops, "loops", "Never comes back")
