#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "training/bench/problem.hpp"

namespace talweg::bench {

inline constexpr double kMissed = std::numeric_limits<double>::infinity();

/// What it took one candidate to solve one form of a problem: kMissed where it did not, in the steps of the
/// problem or because it diverged.
struct Outcome {
  double steps = kMissed;
  double evaluations = kMissed;  ///< of the objective with its gradient, or alone; or of second derivatives
  double seconds = kMissed;      ///< of the training loop

  [[nodiscard]] bool solved() const { return steps < kMissed; }
};

/// Problems, and all forms of all of them.
struct Experiment {
  std::vector<Problem> problems;
  std::vector<Case> cases;

  explicit Experiment(std::vector<Problem> given);
};

/// Trains until the measure is at the target. Throws Error: the optimizer cannot train this; a plugin's own.
[[nodiscard]] Outcome run_case(const Problem& problem, const Case& form, const Candidate& candidate);

/// Where a candidate goes on a plane problem as it stands in the file: points, x and y by turns, the last one
/// that is finite and within 10 boxes included.
[[nodiscard]] std::vector<double> path_of(const Problem& problem, const Candidate& candidate);

/// How high a plane problem is above its least value at the corners of cells x cells squares that divide its
/// box: row by row, x[0] changing fastest.
[[nodiscard]] std::vector<double> heights_of(const Problem& problem, std::size_t cells);

/// Outcomes by candidate and case.
using Outcomes = std::vector<std::vector<Outcome>>;

/// Every candidate on every case, on `jobs` threads. `progressed` is called for each run that is done, one at
/// a time; where it returns false, no further run begins and the outcome of those left is a miss. The first
/// Error ends all, with the case as a note.
[[nodiscard]] Outcomes run_all(const Experiment& experiment, const std::vector<Candidate>& candidates,
                               int jobs,
                               const std::function<bool(std::size_t done, std::size_t all)>& progressed);

}  // namespace talweg::bench
