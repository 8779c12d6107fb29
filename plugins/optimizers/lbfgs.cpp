#include <talweg/minimizer.hpp>

#include "line_search.hpp"

using talweg::dot;
using talweg::Objective;
using talweg::Point;
using talweg::Vector;

namespace {

/// The last pairs s = x' - x and y = g' - g, as host's state: a ring of two matrices, a row a pair.
class Pairs {
 public:
  Pairs(const Objective& f, std::size_t memory)
      : size_(f.size()),
        memory_(memory),
        s_(f.state("s", memory * size_)),
        y_(f.state("y", memory * size_)),
        made_(f.number("pairs")) {}

  [[nodiscard]] std::size_t count() const { return std::min(static_cast<std::size_t>(made_), memory_); }
  /// 0 is the latest.
  [[nodiscard]] std::span<const double> s(std::size_t age) const { return s_.subspan(row(age), size_); }
  [[nodiscard]] std::span<const double> y(std::size_t age) const { return y_.subspan(row(age), size_); }

  void push(const Vector& s, const Vector& y) {
    made_ += 1;
    std::ranges::copy(s, s_.subspan(row(0), size_).begin());
    std::ranges::copy(y, y_.subspan(row(0), size_).begin());
  }
  void clear() { made_ = 0; }

 private:
  [[nodiscard]] std::size_t row(std::size_t age) const {
    return (static_cast<std::size_t>(made_) - 1 - age) % memory_ * size_;
  }

  std::size_t size_, memory_;
  std::span<double> s_, y_;
  double& made_;
};

void add(Vector& x, double factor, std::span<const double> y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += factor * y[i];
}

/// H g by the two loops of algorithm 7.4, H0 = (s.y / y.y) I of the latest pair (eq. 7.20).
Vector inverse_hessian_times(const Pairs& pairs, Vector q) {
  std::vector<double> alpha(pairs.count());
  for (std::size_t age = 0; age < pairs.count(); ++age) {
    alpha[age] = dot(pairs.s(age), q) / dot(pairs.s(age), pairs.y(age));
    add(q, -alpha[age], pairs.y(age));
  }
  if (pairs.count() > 0) q *= dot(pairs.s(0), pairs.y(0)) / dot(pairs.y(0), pairs.y(0));
  for (std::size_t age = pairs.count(); age-- > 0;) {
    const double beta = dot(pairs.y(age), q) / dot(pairs.s(age), pairs.y(age));
    add(q, alpha[age] - beta, pairs.s(age));
  }
  return q;
}

}  // namespace

/// Limited-memory BFGS (Liu and Nocedal 1989; Nocedal and Wright 2006, algorithms 7.4 and 7.5):
///   p = -H g,   x <- x + a p   with a by a strong-Wolfe line search (3.5, 3.6)
/// H is the BFGS matrix of the last `memory` pairs. A pair without s.y > 0 is left out, as H would not stay
/// positive; where the search fails along p, it is made once more along -g with an empty memory.
/// It keeps 2 memory numbers for each parameter. torch.optim.LBFGS has the same alpha and memory, but moves
/// by alpha where it is not told to search, and makes up to 20 of these steps in one of its own.
struct Lbfgs : talweg::Minimizer {
  talweg::Hyper alpha{"alpha", 1, talweg::positive, "step of the line search that is tried first"};
  talweg::Hyper memory{"memory", 100, talweg::whole(1, 1000), "pairs that are kept"};
  talweg::Hyper c1{"c1", 1e-4, talweg::in(0, 1), "share of the first slope by which the value has to fall"};
  talweg::Hyper c2{"c2", 0.9, talweg::in(0, 1), "share of the first slope that may be left"};
  talweg::Hyper evaluations{"evaluations", 25, talweg::whole(1, 1000), "at most, of a line search"};

  void step(Objective& f) const {
    const Point now = f.point();
    if (talweg::norm(now.gradient) == 0) return f.stop("the gradient is zero");
    Pairs pairs(f, static_cast<std::size_t>(f[memory]));
    auto next = search(f, now, pairs);
    if (!next && pairs.count() > 0) {
      pairs.clear();
      next = search(f, now, pairs);
    }
    if (!next) return f.stop(line_search::failure(now));
    const Vector s = next->x - now.x, y = next->gradient - now.gradient;
    if (dot(s, y) > 0) pairs.push(s, y);
    f.move_to(*next);
  }

  std::optional<Point> search(const Objective& f, const Point& now, const Pairs& pairs) const {
    const double scale = pairs.count() > 0 ? 1 : std::min(1.0, 1 / talweg::norm(now.gradient));
    return line_search::strong_wolfe(f, now, -inverse_hessian_times(pairs, now.gradient), f[alpha] * scale,
                                     {f[c1], f[c2], static_cast<int>(f[evaluations])});
  }
};
TALWEG_MINIMIZER_PLUGIN(Lbfgs, "lbfgs", "Limited-memory BFGS with a strong-Wolfe line search")
