#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "model/model.hpp"
#include "plugin/plugin_path.hpp"

namespace talweg {

/// The options that every subcommand has which reads a model.
struct ModelArguments {
  std::string model;
  std::vector<std::string> set;
  std::vector<std::string> plugins;
  std::vector<std::string> data;
  std::optional<std::string> optimizer;
  std::optional<std::int64_t> seed;
  std::optional<std::int64_t> steps;

  void declare(CommandLine& line);
  [[nodiscard]] ModelOptions options() const;
  [[nodiscard]] PluginPath plugin_path() const;
};

/// Throws Error{model} where the model has no `train:`. `path` is what the command line calls it.
void require_training(const CheckedModel& model, const std::string& path);

/// The default of --threads and --jobs: as many as the processor runs at once.
[[nodiscard]] int processor_threads();

}  // namespace talweg
