#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "training/trained_model.hpp"

namespace talweg {

/// The options that every subcommand has which uses a trained model.
struct TrainedArguments {
  std::string model;
  std::optional<std::string> weights;
  std::vector<std::string> set;
  std::vector<std::string> input;
  std::vector<std::string> data;
  std::optional<std::int64_t> seed;
  std::optional<std::int64_t> threads;
  bool json = false;

  void declare(CommandLine& line);
  /// The model as it is in evaluation, with its weights. `use` is what it is loaded for besides the inputs.
  [[nodiscard]] TrainedModel load(UseOptions use) const;
};

/// The split of that name; throws Error{model} where the model has none.
[[nodiscard]] const Split& find_split(const CheckedModel& model, const std::string& name);

}  // namespace talweg
