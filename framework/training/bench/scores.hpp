#pragma once

#include <utility>
#include <vector>

#include "training/bench/experiment.hpp"

namespace talweg::bench {

/// The smallest number that at least a share q of the numbers do not exceed: a quartile that is one of them.
/// Infinities count. REQUIRES: 0 < q <= 1, and there is a number.
[[nodiscard]] double quantile(std::vector<double> numbers, double q);

/// By case: its weight, so that every problem weighs the same, and all together 1.
[[nodiscard]] std::vector<double> weights(const Experiment& experiment);

/// The weight of the cases that are solved.
[[nodiscard]] double share_solved(const std::vector<Outcome>& outcomes, const std::vector<double>& weights);

/// By case: the fewest evaluations that any of the candidates took.
[[nodiscard]] std::vector<double> fewest(const Outcomes& outcomes);

/// A performance profile (Dolan and More 2002): the share of problems that a candidate solves with at most
/// tau times the evaluations of the best, as a step function of tau >= 1: where it rises and to what.
using Profile = std::vector<std::pair<double, double>>;
[[nodiscard]] Profile profile(const std::vector<Outcome>& outcomes, const std::vector<double>& best,
                              const std::vector<double>& weights);

/// How far to the right a profile is looked at.
inline constexpr double kTau = 4;
/// The mean of a profile over tau from 1 to kTau, in [0, 1].
[[nodiscard]] double area(const Profile& profile);

/// How much it matters which step size is chosen.
struct Sensitivity {
  std::vector<double> alphas, scores;  ///< of each, the area of its profile against the best step sizes
  std::size_t best = 0;
  double band = 0;  ///< decades of alpha around the best one in which the score is within 10 % of it
};
/// `outcomes` by step size. REQUIRES: there is one.
[[nodiscard]] Sensitivity sensitivity(const std::vector<double>& alphas, const Outcomes& outcomes,
                                      const std::vector<double>& weights);

/// The candidate that solves the largest share of the problems; of equals, whose profile against all of them
/// has the largest area, and of those the first.
[[nodiscard]] std::size_t best_candidate(const Outcomes& outcomes, const std::vector<double>& weights);

}  // namespace talweg::bench
