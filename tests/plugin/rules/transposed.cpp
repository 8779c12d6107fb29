#include <talweg/optimizer.hpp>

/// Follows the transposed gradient: nonsense, which one long vector would not show, since it is its own
/// transpose.
struct Transposed : talweg::UpdateRule {
  void update(talweg::Parameter x) const { x = x - transpose(x.gradient()); }
};
TALWEG_OPTIMIZER(Transposed, "transposed", "Follows the transposed gradient")
