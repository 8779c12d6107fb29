#include "model_options.hpp"

#include <algorithm>
#include <filesystem>
#include <talweg/error.hpp>
#include <thread>

namespace talweg {

void ModelArguments::declare(CommandLine& line) {
  constexpr std::int64_t kLargestSeed = 0xFFFFFFFF;
  line.argument("MODEL", "the model file", model);
  line.option("--set", "NAME=VALUE", "replaces a number of the model's `let:`", set);
  line.option("--seed", "N", "in place of the model's seed", seed, 0, kLargestSeed);
  line.option("--steps", "N", "in place of the model's number of steps", steps, 0);
  line.option("--set-optimizer", "NAME", "another optimizer for all parameters; 'NAME: {alpha: 0.1}' sets it",
              optimizer);
  line.option("--plugins", "DIR", "a directory with plugins, besides the installed ones", plugins);
  line.option("--data", "DIR", "a directory with data files, besides the model's own", data);
}

ModelOptions ModelArguments::options() const {
  ModelOptions result;
  for (const std::string& setting : set) result.set.push_back(split_setting("--set", setting));
  if (seed) result.seed = static_cast<std::uint32_t>(*seed);
  result.steps = steps;
  result.optimizer = optimizer;
  for (const std::string& directory : data) {
    std::error_code problem;
    if (!std::filesystem::is_directory(directory, problem))
      throw Error(Status::data, "--data: '" + directory + "' is not a directory");
    result.data_directories.emplace_back(directory);
  }
  return result;
}

PluginPath ModelArguments::plugin_path() const {
  const std::vector<std::filesystem::path> directories(plugins.begin(), plugins.end());
  return PluginPath::standard(directories);
}

int processor_threads() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void require_training(const CheckedModel& model, const std::string& path) {
  if (!model.train)
    throw Error(Status::model, path + " has no `train:`, so there is nothing to train")
        .set_hint("talweg check shows what its graph computes");
}

}  // namespace talweg
