#pragma once

#include <span>
#include <string>

namespace talweg {

// The actions of `talweg plugins` for authors of a plugin: each takes the arguments behind its name and
// returns the exit status.

int run_plugins_new(std::span<const std::string> arguments);
int run_plugins_build(std::span<const std::string> arguments);
int run_plugins_test(std::span<const std::string> arguments);

}  // namespace talweg
