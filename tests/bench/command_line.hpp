#pragma once

#include <optional>
#include <span>
#include <string>

#include "bench/settings.hpp"

namespace talweg::speed {

/// Reads the arguments of talweg-bench; nothing where help is asked for. Throws Error{model}.
[[nodiscard]] std::optional<Settings> read_command_line(std::span<const std::string> arguments,
                                                        std::span<const std::string> families);

}  // namespace talweg::speed
