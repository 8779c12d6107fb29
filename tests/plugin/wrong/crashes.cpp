#include <csignal>
#include <talweg/optimizer.hpp>

/// As a null pointer that is followed.
struct Crashes : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    std::raise(SIGSEGV);
    x = x - alpha * x.gradient();
  }
};
TALWEG_OPTIMIZER(Crashes, "crashes", "Ends the process")
