#pragma once

#include <span>
#include <string>

namespace talweg {

// One for each subcommand, in the file of that name: takes the arguments behind its name and returns the exit
// status. What goes wrong is an Error.

int run_bench(std::span<const std::string> arguments);
int run_check(std::span<const std::string> arguments);
int run_eval(std::span<const std::string> arguments);
int run_export(std::span<const std::string> arguments);
int run_functions(std::span<const std::string> arguments);
int run_plugins(std::span<const std::string> arguments);
int run_predict(std::span<const std::string> arguments);
int run_show(std::span<const std::string> arguments);
int run_sweep(std::span<const std::string> arguments);
int run_train(std::span<const std::string> arguments);

}  // namespace talweg
