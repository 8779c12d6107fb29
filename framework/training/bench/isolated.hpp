#pragma once

#include "support/child_process.hpp"
#include "training/bench/results.hpp"

namespace talweg::bench {

/// What `measure` finds of the optimizer of that name, in a process of its own, so that a plugin that
/// crashes, or never comes back, ends that alone; nothing where it was given up. Throws what `measure`
/// throws, and Error{plugin}: the plugin ended the process, or `longest` seconds passed without a call of
/// what `measure` is given, a call for every training that ends.
[[nodiscard]] std::optional<Result> measure_isolated(const Conditions& conditions,
                                                     const Experiment& experiment, const std::string& name,
                                                     const std::function<Result(const StillAlive&)>& measure,
                                                     unsigned longest, const std::function<bool()>& given_up);

}  // namespace talweg::bench
