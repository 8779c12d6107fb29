#pragma once

#include <vector>

#include "training/bench/problem.hpp"

namespace talweg::bench {

/// The step sizes of a grid: 36 from 1e-5 to 1e2, each 10^(1/5) of the one before.
[[nodiscard]] std::vector<double> step_sizes();

/// The optimizer with each step size; none where it has no `alpha`.
[[nodiscard]] std::vector<Candidate> grid(const std::shared_ptr<const Optimizer>& optimizer);

/// The optimizer with `count` settings: first its defaults, then quasi-random ones (Halton 1960) of alpha,
/// from 1e-5 to 1e2, and of every share that is kept from step to step (a number of [0, 1) of at least a
/// half: mu, beta1, ...), from 0.5 to 0.9999. Both are uniform in the logarithm, of alpha and of 1 - the
/// share.
[[nodiscard]] std::vector<Candidate> trials(const std::shared_ptr<const Optimizer>& optimizer, int count);

}  // namespace talweg::bench
