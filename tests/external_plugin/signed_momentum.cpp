#include <talweg/optimizer.hpp>

/// Sign of a momentum (signSGD with momentum, Bernstein et al. 2018, algorithm 1, "signum"):
///   m <- beta m + (1 - beta) g;   x <- x - alpha sign(m)
struct SignedMomentum : talweg::UpdateRule {
  talweg::Hyper alpha{"alpha", 0.01, talweg::positive, "step size"};
  talweg::Hyper beta{"beta", 0.5, talweg::in(0, 1), "decay of the averaged gradient"};

  void update(talweg::Parameter x) const {
    auto m = x.state("average");
    m = beta * m + (1 - beta) * x.gradient();
    x = x - alpha * sign(m);
  }
};
TALWEG_OPTIMIZER(SignedMomentum, "signed_momentum",
                 "Steps of one length along the sign of an averaged gradient")
