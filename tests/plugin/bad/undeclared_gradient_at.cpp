#include <talweg/optimizer.hpp>

struct UndeclaredGradientAt : talweg::UpdateRule {
  void update(talweg::Parameter x) const { x = x - 0.1 * x.gradient_at(2 * talweg::Tensor(x)); }
};
TALWEG_OPTIMIZER(UndeclaredGradientAt, "undeclared_gradient_at", "Wants another gradient without a word")
