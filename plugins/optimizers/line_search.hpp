#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <talweg/minimizer.hpp>

namespace line_search {

using talweg::Objective;
using talweg::Point;
using talweg::Vector;

/// The strong Wolfe conditions (Nocedal and Wright 2006, eq. 3.7): with phi(a) = f(x + a p),
///   phi(a) <= phi(0) + c1 a phi'(0)   and   |phi'(a)| <= c2 |phi'(0)|
struct Wolfe {
  double c1;
  double c2;
  int evaluations;  ///< at most
};

/// A point on the line.
struct Trial {
  double a = 0;
  double slope = 0;
  Point point;
};

/// The minimizer of the cubic through two trials' values and slopes (Nocedal and Wright, eq. 3.59), kept off
/// the ends of the interval by a tenth of it; its middle where there is none.
inline double interpolate(const Trial& low, const Trial& high) {
  const double d1 = low.slope + high.slope - 3 * (low.point.value - high.point.value) / (low.a - high.a);
  const double d2 = std::copysign(std::sqrt(d1 * d1 - low.slope * high.slope), high.a - low.a);
  const double a = high.a - (high.a - low.a) * (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2);
  const double middle = (low.a + high.a) / 2, reach = 0.4 * std::abs(high.a - low.a);
  return std::isfinite(a) ? std::clamp(a, middle - reach, middle + reach) : middle;
}

class Search {
 public:
  Search(const Objective& f, const Point& start, const Vector& direction, const Wolfe& wolfe)
      : f_(f),
        direction_(direction),
        wolfe_(wolfe),
        start_{0, talweg::dot(start.gradient, direction), start} {}

  /// Algorithm 3.5: longer and longer steps, until one is right or has gone too far.
  std::optional<Point> run(double a) {
    constexpr double kLonger = 2;
    if (!(start_.slope < 0)) return std::nullopt;
    Trial before = start_;
    while (left()) {
      const Trial trial = at(a);
      if (!descends(trial) || (before.a > 0 && trial.point.value >= before.point.value))
        return zoom(before, trial);
      if (is_flat(trial)) return trial.point;
      if (trial.slope >= 0) return zoom(trial, before);
      before = trial;
      a *= kLonger;
    }
    return lower(before);
  }

 private:
  /// Algorithm 3.6: `low` has the lowest value of all that descend, and phi falls from there towards `high`.
  std::optional<Point> zoom(Trial low, Trial high) {
    while (left()) {
      const double a = interpolate(low, high);
      if (a == low.a || a == high.a) break;
      const Trial trial = at(a);
      if (!descends(trial) || trial.point.value >= low.point.value) {
        high = trial;
        continue;
      }
      if (is_flat(trial)) return trial.point;
      if (trial.slope * (high.a - low.a) >= 0) high = low;
      low = trial;
    }
    return lower(low);
  }

  Trial at(double a) {
    ++made_;
    Trial trial{a, 0, f_.at(start_.point.x + a * direction_)};
    trial.slope = talweg::dot(trial.point.gradient, direction_);
    return trial;
  }
  [[nodiscard]] bool left() const { return made_ < wolfe_.evaluations; }
  // Written so that a value that is not a number descends nowhere.
  [[nodiscard]] bool descends(const Trial& trial) const {
    return trial.point.value <= start_.point.value + wolfe_.c1 * trial.a * start_.slope;
  }
  [[nodiscard]] bool is_flat(const Trial& trial) const {
    return std::abs(trial.slope) <= -wolfe_.c2 * start_.slope;
  }
  /// The best that was found where the evaluations are used up: it descends, be the slope as it may.
  [[nodiscard]] std::optional<Point> lower(const Trial& trial) const {
    if (trial.a > 0 && trial.point.value < start_.point.value) return trial.point;
    return std::nullopt;
  }

  const Objective& f_;
  const Vector& direction_;
  Wolfe wolfe_;
  Trial start_;
  int made_ = 0;
};

/// A point on the line from `start` along `direction` that fulfils the strong Wolfe conditions, or at least
/// the first of them; `first` is the step tried first. Nothing where none is found, or where the direction
/// does not lead down.
inline std::optional<Point> strong_wolfe(const Objective& f, const Point& start, const Vector& direction,
                                         double first, const Wolfe& wolfe) {
  return Search(f, start, direction, wolfe).run(first);
}

/// What to stop with: the line of reason of a minimizer that cannot go on.
inline std::string failure(const Point& now) {
  char norm[16];
  std::snprintf(norm, sizeof norm, "%.3g", talweg::norm(now.gradient));
  return std::string("the line search finds no lower point; the gradient's norm is ") + norm;
}

}  // namespace line_search
