#include <algorithm>
#include <talweg/minimizer.hpp>

#include "line_search.hpp"

using talweg::dot;
using talweg::Objective;
using talweg::Point;
using talweg::Vector;

namespace {

/// H, the inverse of the matrix of second derivatives as far as it is known: symmetric, by rows.
Vector times(std::span<const double> matrix, const Vector& x) {
  Vector product(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) product[i] = dot(matrix.subspan(i * x.size(), x.size()), x);
  return product;
}

void set_diagonal(std::span<double> matrix, std::size_t size, double value) {
  std::ranges::fill(matrix, 0.0);
  for (std::size_t i = 0; i < size; ++i) matrix[i * (size + 1)] = value;
}

/// H <- (I - r s y') H (I - r y s') + r s s'  with r = 1 / s.y  (eq. 6.17), of symmetric H
///    = H - r (s (H y)' + (H y) s') + (r + r^2 y.H y) s s'
void update(std::span<double> matrix, const Vector& s, const Vector& y) {
  const double r = 1 / dot(s, y);
  const Vector h = times(matrix, y);
  const double both = r + r * r * dot(y, h);
  const std::size_t size = s.size();
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      matrix[i * size + j] += both * s[i] * s[j] - r * (s[i] * h[j] + h[i] * s[j]);
}

}  // namespace

/// BFGS (Broyden, Fletcher, Goldfarb and Shanno 1970; Nocedal and Wright 2006, algorithm 6.1):
///   p = -H g,   x <- x + a p   with a by a strong-Wolfe line search (3.5, 3.6)
/// H begins as I, is scaled by s.y / y.y before its first update (eq. 6.20), and is left as it is where s.y
/// is not positive; where the search fails along p, it is made once more along -g with H = I.
struct Bfgs : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "step of the line search that is tried first"};
  talweg::Hyper c1{"c1", 1e-4, talweg::in(0, 1), "share of the first slope by which the value has to fall"};
  talweg::Hyper c2{"c2", 0.9, talweg::in(0, 1), "share of the first slope that may be left"};
  talweg::Hyper evaluations{"evaluations", 25, talweg::whole(1, 1000), "at most, of a line search"};

  void step(Objective& f) const {
    constexpr std::size_t kLargest = 10'000;
    if (f.size() > kLargest)
      throw std::length_error("bfgs keeps a matrix of n x n numbers: lbfgs is for so many");
    const Point now = f.point();
    if (talweg::norm(now.gradient) == 0) return f.stop("the gradient is zero");
    const std::span<double> h = f.state("inverse_hessian", f.size() * f.size());
    double& updates = f.number("updates");
    if (updates == 0) set_diagonal(h, f.size(), 1);
    auto next = search(f, now, h, updates);
    if (!next && updates > 0) {
      updates = 0;
      set_diagonal(h, f.size(), 1);
      next = search(f, now, h, updates);
    }
    if (!next) return f.stop(line_search::failure(now));
    const Vector s = next->x - now.x, y = next->gradient - now.gradient;
    if (dot(s, y) > 0) {
      if (updates == 0) set_diagonal(h, f.size(), dot(s, y) / dot(y, y));
      update(h, s, y);
      updates += 1;
    }
    f.move_to(*next);
  }

  std::optional<Point> search(const Objective& f, const Point& now, std::span<const double> h,
                              double updates) const {
    const double scale = updates > 0 ? 1 : std::min(1.0, 1 / talweg::norm(now.gradient));
    return line_search::strong_wolfe(f, now, -times(h, now.gradient), f[alpha] * scale,
                                     {f[c1], f[c2], static_cast<int>(f[evaluations])});
  }
};
TALWEG_MINIMIZER_PLUGIN(Bfgs, "bfgs", "BFGS with a dense matrix and a strong-Wolfe line search")
