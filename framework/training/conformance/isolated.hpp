#pragma once

#include <functional>

#include "training/conformance/subject.hpp"

namespace talweg::conformance {

/// What `check` says, run in a process of its own: one that a plugin brings down is a failure that names the
/// signal, one that does not end within `longest` seconds is a failure too, and the others go on. An Error
/// that leaves `check` is a failure, too. What `check` changes in memory is lost. Throws Error{files}: no
/// process can be started.
[[nodiscard]] Verdict run_isolated(const std::function<Verdict()>& check, unsigned longest = 60);

}  // namespace talweg::conformance
