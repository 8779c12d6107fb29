#include <talweg/optimizer.hpp>

struct ThrowsNumber : talweg::UpdateRule {
  void update(talweg::Parameter) const { throw 42; }
};
TALWEG_OPTIMIZER(ThrowsNumber, "throws_number", "Throws what is no exception")
