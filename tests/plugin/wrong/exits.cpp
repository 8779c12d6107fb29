#include <unistd.h>

#include <talweg/optimizer.hpp>

/// Takes the end of its work for the end of the program.
struct Exits : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    x = x - alpha * x.gradient();
    _exit(0);
  }
};
TALWEG_OPTIMIZER(Exits, "exits", "Ends the process without a signal")
