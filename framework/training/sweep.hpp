#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "model/model.hpp"

namespace talweg {

/// One training of a sweep.
struct SweepRun {
  std::size_t index = 0;
  std::vector<std::pair<std::string, std::string>> settings;  ///< of the grid, in its order
  std::uint32_t seed = 0;
};

/// Every combination of the grid's values, the last name's changing fastest, each with the seeds `seed`,
/// `seed` + 1, ... Throws Error{model} where there are too many.
[[nodiscard]] std::vector<SweepRun> plan_sweep(const SweepSetting& sweep, std::uint32_t seed);

/// Trains runs on `jobs` threads. `train` is called on any of them; where it returns false, no further run
/// begins. `finished` is called for each run that was trained, one at a time and in order of the index,
/// whatever the jobs are. The first Error that one of them throws ends the sweep and leaves here.
void run_sweep(const std::vector<SweepRun>& runs, int jobs, const std::function<bool(const SweepRun&)>& train,
               const std::function<void(const SweepRun&)>& finished);

}  // namespace talweg
