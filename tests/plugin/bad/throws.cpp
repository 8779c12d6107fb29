#include <talweg/optimizer.hpp>

struct Throws : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};

  void update(talweg::Parameter x) const {
    x = x - alpha * x.gradient();
    throw std::runtime_error("out of ideas");
  }
};
TALWEG_OPTIMIZER(Throws, "throws", "Throws an exception")
