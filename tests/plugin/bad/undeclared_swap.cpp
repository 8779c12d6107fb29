#include <talweg/optimizer.hpp>

struct UndeclaredSwap : talweg::UpdateRule {
  void update(talweg::Parameter x) const {
    auto average = x.copy("average");
    average = average / 2 + x / 2;
    x = x - 0.1 * x.gradient();
    x.evaluate_with(average);
  }
};
TALWEG_OPTIMIZER(UndeclaredSwap, "undeclared_swap", "Swaps weights without a word")
