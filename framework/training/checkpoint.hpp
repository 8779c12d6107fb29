#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/model.hpp"
#include "training/data_descriptions.hpp"
#include "training/records.hpp"

namespace talweg {

/// What the bits of a training depend on besides.
struct Surroundings {
  std::string build, processor;  ///< see support/build.hpp
  int threads = 1;

  [[nodiscard]] static Surroundings of_this_process(int threads);
};

/// Everything that a training needs to go on as if it had never stopped.
struct Checkpoint {
  std::string path;       ///< of the file it was read from, for errors
  std::string model;      ///< the model file's text
  DataDescriptions data;  ///< of every entry of `data:`; of files from before they were kept none
  std::vector<std::pair<std::string, std::string>> settings;  ///< the `--set`s that were applied
  std::optional<std::string> set_optimizer;                   ///< the `--set-optimizer`
  std::uint32_t seed = 0;
  std::string optimizer;                                     ///< its name, "" where nothing is trained
  std::vector<std::pair<std::string, std::string>> plugins;  ///< SHA-256 of the optimizers' files, by name
  Surroundings surroundings;
  std::int64_t step = 0;            ///< updates made
  std::int64_t steps = 0;           ///< planned, which schedules depend on
  bool steps_given = false;         ///< in place of the model's
  std::int64_t validated_step = 0;  ///< of the last validation
  std::int64_t best_step = 0;       ///< of the best values, where there are some
  std::int64_t validations_since_best = 0;
  std::optional<std::int64_t> better_step;  ///< see TrainingState
  std::optional<MetCondition> met;          ///< what ended training last
  std::optional<std::int64_t>
      evaluations;  ///< by a minimizer; a checkpoint of before they were kept has none
  /// First the parameters, then the optimizer's states as "optimizer:<state>:<parameter>", then the model's;
  /// then what the last validation found as "last measures"; then the best values of parameters and states as
  /// "best:<name>", and what they are worth as "best measures".
  std::vector<NamedTensor> tensors;
};

/// As a file of the format safetensors.
[[nodiscard]] std::string encode_checkpoint(const Checkpoint& checkpoint);
/// Throws Error{files} that begins with `path`: damaged, or a file of another kind.
[[nodiscard]] Checkpoint decode_checkpoint(std::string_view bytes, const std::string& path);
[[nodiscard]] Checkpoint read_checkpoint(const std::filesystem::path& path);

/// How the surroundings differ, for people: "the build and the number of threads (2, now 1)"; "" where they
/// do not, and a training goes on to the bit.
[[nodiscard]] std::string difference(const Surroundings& then, const Surroundings& now);

/// The first line in which two model files differ, for people; "" where there is none. Comments, empty lines
/// and the numbers of steps and epochs may differ.
[[nodiscard]] std::string first_difference(std::string_view then, std::string_view now);

/// What a training is resumed with: the checkpoint's settings, optimizer, seed, planned steps and
/// descriptions of the data where `given` says nothing else.
[[nodiscard]] ModelOptions resumed_options(const Checkpoint& checkpoint, ModelOptions given);

}  // namespace talweg
