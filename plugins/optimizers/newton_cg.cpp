#include <algorithm>
#include <talweg/minimizer.hpp>

#include "line_search.hpp"

using talweg::dot;
using talweg::Objective;
using talweg::Point;
using talweg::Vector;

/// Newton's method by conjugate gradients (Dembo and Steihaug 1983; Nocedal and Wright 2006, algorithm 7.1):
///   p with |H p + g| <= min(1/2, |g|) |g|,   x <- x + a p   with a by a strong-Wolfe line search from 1
/// That bound, in place of the algorithm's sqrt|g|, makes the convergence quadratic (theorem 7.2).
/// H is the matrix of second derivatives; products with it are those of the gradient's gradient. A direction
/// of negative curvature ends the inner iteration; where it is the first, p = -g.
struct NewtonCg : talweg::Minimizer {
  static constexpr bool kSecondDerivatives = true;

  talweg::Hyper alpha{"alpha", 1, talweg::positive, "step of the line search that is tried first"};
  talweg::Hyper iterations{"iterations", 200, talweg::whole(1, 1e6), "products with H in a step, at most"};
  talweg::Hyper c1{"c1", 1e-4, talweg::in(0, 1), "share of the first slope by which the value has to fall"};
  talweg::Hyper c2{"c2", 0.9, talweg::in(0, 1), "share of the first slope that may be left"};
  talweg::Hyper evaluations{"evaluations", 25, talweg::whole(1, 1000), "at most, of a line search"};

  void step(Objective& f) const {
    const Point now = f.point();
    if (talweg::norm(now.gradient) == 0) return f.stop("the gradient is zero");
    const auto next = line_search::strong_wolfe(f, now, newton_direction(f, now), f[alpha],
                                                {f[c1], f[c2], static_cast<int>(f[evaluations])});
    if (!next) return f.stop(line_search::failure(now));
    f.move_to(*next);
  }

  [[nodiscard]] Vector newton_direction(const Objective& f, const Point& now) const {
    const double size = talweg::norm(now.gradient);
    const double enough = std::min(0.5, size) * size;
    Vector p(f.size()), r = now.gradient, d = -r;
    double squared = dot(r, r);
    for (int i = 0; i < static_cast<int>(f[iterations]) && std::sqrt(squared) > enough; ++i) {
      const Vector product = f.hessian_vector(now.x, d);
      const double curvature = dot(d, product);
      if (!(curvature > 0)) return i == 0 ? -now.gradient : p;
      const double a = squared / curvature;
      p += a * d;
      r += a * product;
      const double next = dot(r, r);
      d = -r + (next / squared) * d;
      squared = next;
    }
    return p;
  }
};
TALWEG_MINIMIZER_PLUGIN(NewtonCg, "newton_cg", "Newton's method by conjugate gradients")
