#include <talweg/minimizer.hpp>

using talweg::Objective;
using talweg::Vector;

/// Simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983) with the acceptance of Metropolis et al. 1953:
///   y = x + alpha z, z normal;   x <- y where f(y) <= f(x), else with probability exp((f(x) - f(y)) / T)
///   T = temperature cooling^step
/// temperature may be an expression of `step` itself, with cooling: 1. It uses no gradient.
struct Annealing : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 0.1, talweg::positive, "width of a move, in every element"};
  talweg::Hyper temperature{"temperature", 1, talweg::non_negative,
                            "rise of the value that is often accepted"};
  talweg::Hyper cooling{"cooling", 0.999, talweg::between(0, 1),
                        "factor of the temperature from step to step"};

  void step(Objective& f) const {
    Vector x = f.x();
    const double now = f.value();
    for (double& element : x) element += f[alpha] * f.normal();
    const double next = f.value_at(x);
    const double heat = f[temperature] * std::pow(f[cooling], static_cast<double>(f.step()));
    // Drawn in any case, so that the draws of a step do not depend on the values.
    const double chance = f.uniform();
    if (next <= now || chance < std::exp((now - next) / heat)) f.move_to(x);
  }
};
TALWEG_MINIMIZER_PLUGIN(Annealing, "annealing", "Simulated annealing: random moves, ever more seldom upwards")
