#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/settings.hpp"

namespace talweg::speed {

/// Measures something once; nothing where it cannot be measured.
using Contestant = std::function<std::optional<double>()>;

/// Lets all take turns, so that what else the machine does falls on all of them, until in `rounds` rounds
/// after one another nobody has become faster by more than 1 %, or five times as often: the least of what
/// each measured, by contestant. With a fixed number of rounds those win who meet a quiet moment of the
/// machine.
[[nodiscard]] std::vector<std::optional<double>> contest(int rounds,
                                                         const std::vector<Contestant>& contestants);

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
