#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/model.hpp"

namespace talweg {

/// A hyperparameter that changes with the step.
struct Schedule {
  std::string name;
  std::vector<double> values;  ///< in each of the steps that were asked for; none where only training tells
};

/// Those of the model's optimizer, and of its groups as "group.alpha", that are expressions of `step` or
/// `steps`, in the order of the file. REQUIRES: the model has `train:`.
[[nodiscard]] std::vector<Schedule> schedules_of(const CheckedModel& model,
                                                 std::span<const std::int64_t> steps);

}  // namespace talweg
