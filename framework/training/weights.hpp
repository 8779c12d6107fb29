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

/// What a training leaves for whoever uses the model: the file weights.safetensors. Files by others have only
/// the tensors.
struct Weights {
  std::string path;                                           ///< of the file they were read from, for errors
  std::vector<NamedTensor> tensors;                           ///< parameters and states
  std::vector<std::pair<std::string, std::string>> settings;  ///< the `--set`s that were applied
  std::optional<std::uint32_t> seed;                          ///< which decides the splits too
  DataDescriptions data;                                      ///< of every entry of `data:`
  std::string
      home;  ///< where the model's relative paths begin, from the directory of the weights; "" unknown
};

/// As a file of the format safetensors.
[[nodiscard]] std::string encode_weights(const Weights& weights);
/// Of a checkpoint it takes the present values. Throws Error{files} that begins with `path`.
[[nodiscard]] Weights decode_weights(std::string_view bytes, const std::string& path);
/// `path` is the file, or the directory of a training that has it.
[[nodiscard]] Weights read_weights(const std::filesystem::path& path);

/// What a model is loaded with to take these weights: their settings, seed and descriptions of the data where
/// `given` says nothing else.
[[nodiscard]] ModelOptions options_for(const Weights& weights, ModelOptions given);

/// What the weights of a model's training say of its data.
[[nodiscard]] DataDescriptions describe_data(const CheckedModel& model);

}  // namespace talweg
