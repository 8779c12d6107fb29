#pragma once

#include "training/conformance/subject.hpp"

namespace talweg::conformance {

// What an optimizer is held to, one function a line of `talweg plugins test`. An Error that leaves one is a
// failure, too. Those of minimizers are skipped by update rules, and the other way round.

[[nodiscard]] Verdict check_hyperparameters(const Subject& subject);
/// On a convex quadratic the value falls, by every parameter.
[[nodiscard]] Verdict check_downhill(const Subject& subject);
/// 20 steps, a checkpoint, another training meanwhile, the checkpoint's bytes read back, 20 more steps: the
/// same bits as 40 steps.
[[nodiscard]] Verdict check_round_trip(const Subject& subject);
[[nodiscard]] Verdict check_order(const Subject& subject);
[[nodiscard]] Verdict check_split(const Subject& subject);
[[nodiscard]] Verdict check_fused(const Subject& subject);
[[nodiscard]] Verdict check_types(const Subject& subject);
[[nodiscard]] Verdict check_zero_gradient(const Subject& subject);
[[nodiscard]] Verdict check_nan_gradient(const Subject& subject);
[[nodiscard]] Verdict check_threads(const Subject& subject);

/// Value and gradient belong to the x that the minimizer takes them for.
[[nodiscard]] Verdict check_evaluations(const Subject& subject);
/// Where no point is lower, x stays where it was, and the minimizer says so.
[[nodiscard]] Verdict check_failed_search(const Subject& subject);

}  // namespace talweg::conformance
