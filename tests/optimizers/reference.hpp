#pragma once

#include <limits>
#include <string>
#include <vector>

#include "training/following.hpp"

namespace talweg {

/// A record of tests/golden/optimizers.txt: what a step of an optimizer gives, from step to step.
struct ReferenceTrace {
  struct Line {
    std::int64_t step;           ///< updates already made
    std::vector<double> values;  ///< of all parameters end to end
  };

  std::string problem;  ///< "rosenbrock" or "network"
  std::string name;
  std::string setting;  ///< "{alpha: 0.1}"
  std::vector<Line> lines;

  [[nodiscard]] std::string text() const { return problem + " " + name + " " + setting; }
};

[[nodiscard]] const std::vector<ReferenceTrace>& reference_traces();
/// The optimizers that the build ships and that are given by an update alone.
[[nodiscard]] std::vector<std::string> shipped_rules();

/// A model of the problem; `optimizer` is what stands behind "optimizer:", `more` are further sections.
[[nodiscard]] std::string problem_text(const std::string& problem, const std::string& optimizer,
                                       const std::string& more = "", const std::string& dtype = "float64");
/// All parameters end to end.
[[nodiscard]] std::vector<double> all_parameters(Trainer& trainer);
/// How far a training of `text` is from the trace at most, up to `last_step`: the largest difference of an
/// element in a step, relative to the largest element of that step. Infinite where it diverges.
[[nodiscard]] double distance(const ReferenceTrace& trace, const std::string& text,
                              std::int64_t last_step = std::numeric_limits<std::int64_t>::max());
[[nodiscard]] double distance(const ReferenceTrace& trace, Trainer& trainer,
                              std::int64_t last_step = std::numeric_limits<std::int64_t>::max());

}  // namespace talweg
