#pragma once

#include <optional>
#include <string>
#include <vector>

#include "training/records.hpp"
#include "training/sweep.hpp"

namespace talweg {

/// What came of one run of a sweep.
struct SweepOutcome {
  std::vector<LogRecord> log;
  std::optional<EndRecord> end;        ///< nothing where it diverged
  std::optional<std::string> problem;  ///< why it diverged, in one line
};

/// The finished run with the smallest loss, or nothing.
[[nodiscard]] std::optional<std::size_t> best_run(const std::vector<SweepOutcome>& outcomes);

/// For people: for each logged scalar how it went, a line a run; then a line a run with how it ended; with
/// restarts also the best and the median of each combination. `outcomes` belong to the first runs.
[[nodiscard]] std::string sweep_tables(const std::vector<SweepRun>& runs,
                                       const std::vector<SweepOutcome>& outcomes);

}  // namespace talweg
