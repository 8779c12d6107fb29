#include "training/weights.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

#include "support/file.hpp"
#include "support/numbers.hpp"
#include "training/safetensors.hpp"

namespace talweg {
namespace {

void read_metadata(const TensorFile& file, Weights& weights) {
  if (const std::string* seed = file.find_metadata("seed"))
    if (const auto number = parse_integer(*seed)) weights.seed = static_cast<std::uint32_t>(*number);
  if (const std::string* settings = file.find_metadata("settings"))
    nlohmann::json::parse(*settings).get_to(weights.settings);
  if (const std::string* home = file.find_metadata("home")) weights.home = *home;
  if (const std::string* data = file.find_metadata("data")) weights.data = decode_descriptions(*data);
}

}  // namespace

std::string encode_weights(const Weights& weights) {
  TensorFile file;
  file.tensors = weights.tensors;
  if (weights.seed) file.metadata.emplace_back("seed", std::to_string(*weights.seed));
  if (!weights.home.empty()) file.metadata.emplace_back("home", weights.home);
  file.metadata.emplace_back("settings", nlohmann::json(weights.settings).dump());
  file.metadata.emplace_back("data", encode_descriptions(weights.data));
  return encode_safetensors(file);
}

Weights decode_weights(std::string_view bytes, const std::string& path) {
  TensorFile file = decode_safetensors(bytes, path);
  Weights weights;
  weights.path = path;
  try {
    read_metadata(file, weights);
  } catch (const std::exception& exception) {
    throw Error(Status::files,
                path + ": what it says of the model and its data is damaged: " + exception.what());
  }
  weights.tensors = std::move(file.tensors);
  // Of a checkpoint, what the model consists of.
  if (const std::string* format = file.find_metadata("format");
      format != nullptr && format->starts_with("talweg"))
    std::erase_if(weights.tensors, [](const NamedTensor& tensor) {
      return tensor.name.find(':') != std::string::npos || tensor.name == "best";
    });
  return weights;
}

Weights read_weights(const std::filesystem::path& path) {
  std::error_code problem;
  const std::filesystem::path file =
      std::filesystem::is_directory(path, problem) ? path / "weights.safetensors" : path;
  return decode_weights(read_whole_file(file), file.string());
}

ModelOptions options_for(const Weights& weights, ModelOptions given) {
  if (!given.seed) given.seed = weights.seed;
  for (const auto& setting : weights.settings)
    if (std::ranges::find(given.set, setting.first, &std::pair<std::string, std::string>::first) ==
        given.set.end())
      given.set.push_back(setting);
  if (given.use.descriptions.empty()) given.use.descriptions = weights.data;
  return given;
}

DataDescriptions describe_data(const CheckedModel& model) {
  DataDescriptions descriptions;
  for (const DataEntry& entry : model.data) descriptions.emplace_back(entry.name, describe(*entry.column));
  return descriptions;
}

}  // namespace talweg
