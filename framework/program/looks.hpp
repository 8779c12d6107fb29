#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "program/lowering.hpp"

namespace talweg {

/// How a program computes what is looked at before it assigns anything.
struct Looks {
  std::vector<bool> are_extra;  ///< by step: it is there for a look alone, and runs leave it out
  std::size_t pause = 0;        ///< a look runs the steps before this one
};

/// Puts assignments behind all that is looked at. Nothing where that cannot be, or where the steps of a run
/// are not those of `plain`, the plan of the same task without looks: they might take longer, or round
/// differently.
[[nodiscard]] std::optional<Looks> plan_looks(LoweredTask& task, const Plan& plain);

}  // namespace talweg
