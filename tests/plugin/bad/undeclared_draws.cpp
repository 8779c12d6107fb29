#include <talweg/optimizer.hpp>

struct UndeclaredDraws : talweg::UpdateRule {
  void update(talweg::Parameter x) const { x = x - 0.1 * x.gradient() * sum(x.drawn()); }
};
TALWEG_OPTIMIZER(UndeclaredDraws, "undeclared_draws", "Asks for what was drawn without a word")
