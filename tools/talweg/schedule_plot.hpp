#pragma once

#include <span>
#include <string>

#include "training/schedule.hpp"

namespace talweg {

/// A schedule as text: a plot over the steps, highest values at the top. `steps` are those of its values,
/// ascending.
[[nodiscard]] std::string plot(const Schedule& schedule, std::span<const std::int64_t> steps);

/// Some of the steps as a table, a column a schedule.
[[nodiscard]] std::string tabulate(std::span<const Schedule> schedules, std::span<const std::int64_t> steps);

}  // namespace talweg
