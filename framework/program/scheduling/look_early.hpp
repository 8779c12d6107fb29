#pragma once

#include <cstddef>

#include "program/plan.hpp"

namespace talweg {

/// Moves the steps from `begin` on, which compute what is looked at, behind the last of what each of them
/// reads: before the caller's memory is written.
void look_early(Plan& plan, std::size_t begin);

}  // namespace talweg
