#include "trained_options.hpp"

#include <filesystem>
#include <talweg/error.hpp>

#include "model/fields.hpp"
#include "model_options.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

constexpr std::int64_t kLargestSeed = 0xFFFFFFFF, kMostThreads = 1024;

bool is_directory(const std::string& path) {
  std::error_code problem;
  return std::filesystem::is_directory(path, problem);
}

bool exists(const std::string& path) {
  std::error_code problem;
  return std::filesystem::exists(path, problem);
}

}  // namespace

void TrainedArguments::declare(CommandLine& line) {
  line.argument("MODEL", "the model file, or the directory that `talweg train --out` has made", model);
  line.option("--weights", "PATH",
              "weights.safetensors, or the directory it is in; not needed where MODEL is that", weights);
  line.option("--input", "NAME=FILE", "examples in place of the model's `data:` of that name", input);
  line.option("--set", "NAME=VALUE", "replaces a number of the model's `let:`; else as it was trained", set);
  line.option("--seed", "N", "in place of the seed it was trained with, which decides the splits", seed, 0,
              kLargestSeed);
  line.option("--data", "DIR", "a directory with data files, besides the model's own", data);
  line.option("--threads", "N", "all of the processor's if not given", threads, 1, kMostThreads);
  line.flag("--json", "one JSON object a line", json);
}

TrainedModel TrainedArguments::load(UseOptions use) const {
  const bool is_run = is_directory(model);
  if (!is_run && !exists(model)) throw Error(Status::model, model + " does not exist");
  if (!is_run && !weights)
    throw Error(Status::model, "which weights is the model to have? --weights is missing")
        .set_hint("--weights DIR, where `talweg train --out DIR` has trained it");
  const std::filesystem::path path =
      is_run ? std::filesystem::path(model) / "model.yaml" : std::filesystem::path(model);
  const Weights trained = read_weights(weights.value_or(model));
  ModelArguments arguments;
  arguments.set = set;
  arguments.seed = seed;
  arguments.data = data;
  ModelOptions options = arguments.options();
  options.mode = Mode::evaluation;
  for (const std::string& text : input) {
    auto [name, file] = split_setting("--input", text);
    use.inputs.push_back({std::move(name), std::move(file)});
  }
  options.use = std::move(use);
  options = options_for(trained, std::move(options));
  if (is_run && !trained.home.empty()) options.home = std::filesystem::path(model) / trained.home;
  if (!options.use.inputs.empty() && options.use.descriptions.empty()) {
    // Weights by others say nothing of the data: the model's own do.
    ModelOptions own = options;
    own.use = {};
    options.use.descriptions = describe_data(load_model(path, own));
  }
  TrainerOptions trainer_options;
  trainer_options.threads = threads ? static_cast<int>(*threads) : processor_threads();
  return TrainedModel(load_model(path, options), trained, trainer_options);
}

const Split& find_split(const CheckedModel& model, const std::string& name) {
  std::vector<std::string> names;
  if (model.examples) {
    if (const Split* split = model.examples->find(name)) return *split;
    for (const Split& split : model.examples->splits) names.push_back(split.name);
  }
  Error error(Status::model, "--split: the model has no split '" + name + "'");
  if (!names.empty()) error.note("it has " + join(names));
  throw error.set_hint(did_you_mean(name, names));
}

}  // namespace talweg
