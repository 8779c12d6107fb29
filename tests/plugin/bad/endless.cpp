#include <talweg/optimizer.hpp>

struct Endless : talweg::UpdateRule {
  void update(talweg::Parameter x) const {
    for (talweg::Tensor sum = x;;) sum += x;
  }
};
TALWEG_OPTIMIZER(Endless, "endless", "Emits nodes without end")
