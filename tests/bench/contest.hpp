#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/rows.hpp"
#include "bench/settings.hpp"

namespace talweg::speed {

/// Measures something once; nothing where it cannot be measured.
using Contestant = std::function<std::optional<double>()>;

/// What a contestant measured in each round; empty where it cannot be measured.
using Measured = std::vector<double>;

/// Lets all take turns in so many rounds, so that what else the machine does falls on all of them: by
/// contestant.
[[nodiscard]] std::vector<Measured> contest(int rounds, const std::vector<Contestant>& contestants);

[[nodiscard]] std::optional<double> least(const Measured& measured);

/// A row with the least of both, and the median of their ratios in each round: with the ratio of what is
/// least the side would win that met the machine's quietest moment. `theirs` is empty where there is nothing
/// to compare with.
[[nodiscard]] Row compared(std::string work, std::string peer, const Measured& ours, const Measured& theirs,
                           const Bar& bar, std::string note = "");

/// What a program prints that is measured: lines "NAME NUMBER". Throws Error{internal} with what it wrote to
/// standard error where it fails.
[[nodiscard]] std::map<std::string, double> numbers_of(const std::vector<std::string>& command);

/// The first of them.
[[nodiscard]] double number_of(const std::vector<std::string>& command);

/// Beginning of a command: sets variables, and takes away those that make OpenBLAS another than it is by
/// itself.
[[nodiscard]] std::vector<std::string> with_environment(const std::map<std::string, std::string>& variables);

/// The program of a peer that is built with talweg-bench; nothing where it is not there.
[[nodiscard]] std::optional<std::string> peer_program(const std::string& name);

/// The wall time of a program from its start to its exit. Throws as above.
[[nodiscard]] double seconds_of_program(const std::vector<std::string>& command);

}  // namespace talweg::speed
