#include <talweg/optimizer.hpp>

/// Keeps a number between calls: what it emits depends on what was emitted before.
struct CountsCalls : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    static int calls = 0;
    ++calls;
    x = x - alpha / calls * x.gradient();
  }
};
TALWEG_OPTIMIZER(CountsCalls, "counts_calls", "Gradient descent with smaller steps from call to call")
