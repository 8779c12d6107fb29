#include <algorithm>
#include <talweg/minimizer.hpp>

#include "line_search.hpp"

using talweg::dot;
using talweg::Objective;
using talweg::Point;
using talweg::Vector;

/// Nonlinear conjugate gradients (Polak and Ribiere 1969; Nocedal and Wright 2006, algorithm 5.4 with
/// eq. 5.45, "PR+"):
///   beta = max(0, g.(g - g') / g'.g'),  p <- -g + beta p,  x <- x + a p   with g' the gradient before
/// a is found by a strong-Wolfe line search (3.5, 3.6), which begins where the slope of the last one would
/// lead (eq. 3.60). Where p does not lead down, or the search along it fails, it begins anew along -g.
struct ConjugateGradients : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "step of the line search that is tried first"};
  talweg::Hyper c1{"c1", 1e-4, talweg::in(0, 1), "share of the first slope by which the value has to fall"};
  talweg::Hyper c2{"c2", 0.1, talweg::in(0, 1), "share of the first slope that may be left"};
  talweg::Hyper evaluations{"evaluations", 25, talweg::whole(1, 1000), "at most, of a line search"};

  void step(Objective& f) const {
    const Point now = f.point();
    const double slope_of_gradient = dot(now.gradient, now.gradient);
    if (slope_of_gradient == 0) return f.stop("the gradient is zero");
    const std::span<double> direction = f.state("direction", f.size()),
                            before = f.state("gradient", f.size());
    double& decrease = f.number("decrease");  // a p.g of the last step; 0 where there is none
    Vector p = -now.gradient;
    if (decrease < 0) {
      const double beta = (slope_of_gradient - dot(now.gradient, before)) / dot(before, before);
      p += std::max(beta, 0.0) * Vector(direction);
    }
    const bool is_steepest = !(dot(p, now.gradient) < 0) || !(decrease < 0);
    if (is_steepest) p = -now.gradient;
    const double steepest = f[alpha] * std::min(1.0, 1 / talweg::norm(now.gradient));
    double first = decrease < 0 ? f[alpha] * decrease / dot(p, now.gradient) : steepest;
    auto next = search(f, now, p, first);
    if (!next && !is_steepest) {
      p = -now.gradient;
      next = search(f, now, p, steepest);
    }
    if (!next) return f.stop(line_search::failure(now));
    decrease = dot(next->x - now.x, now.gradient);
    std::ranges::copy(p, direction.begin());
    std::ranges::copy(now.gradient, before.begin());
    f.move_to(*next);
  }

  std::optional<Point> search(const Objective& f, const Point& now, const Vector& p, double first) const {
    return line_search::strong_wolfe(f, now, p, first, {f[c1], f[c2], static_cast<int>(f[evaluations])});
  }
};
TALWEG_MINIMIZER_PLUGIN(ConjugateGradients, "cg", "Nonlinear conjugate gradients, Polak-Ribiere+")
