#include "training/weights.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

#include "support/file.hpp"
#include "support/numbers.hpp"
#include "training/safetensors.hpp"

namespace talweg {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const ColumnDescription& description) {
  const AllowedValues& allowed = description.allowed;
  return {{"example", description.example.sizes()},
          {"dtype", to_string(description.dtype)},
          {"scale", description.scale},
          {"offset", description.offset},
          {"one_hot", description.one_hot},
          {"nan", allowed.nan},
          {"classes", allowed.classes},
          {"texts", description.texts}};
}

DType dtype_named(const std::string& name) {
  for (DType dtype : {DType::float32, DType::float64, DType::int64, DType::boolean})
    if (name == to_string(dtype)) return dtype;
  throw Error(Status::files, "there is no dtype '" + name + "'");
}

/// Throws Json::exception or Error where it is none.
ColumnDescription description_of(const Json& json) {
  ColumnDescription description;
  description.example = Shape::checked(json.at("example").get<std::vector<std::int64_t>>());
  description.dtype = dtype_named(json.at("dtype").get<std::string>());
  json.at("scale").get_to(description.scale);
  json.at("offset").get_to(description.offset);
  json.at("one_hot").get_to(description.one_hot);
  json.at("nan").get_to(description.allowed.nan);
  json.at("classes").get_to(description.allowed.classes);
  json.at("texts").get_to(description.texts);
  if (description.scale.size() != description.offset.size() || description.one_hot < 0 ||
      description.allowed.classes < 0 || description.example.elements() == 0)
    throw Error(Status::files, "it contradicts itself");
  return description;
}

void read_metadata(const TensorFile& file, Weights& weights) {
  if (const std::string* seed = file.find_metadata("seed"))
    if (const auto number = parse_integer(*seed)) weights.seed = static_cast<std::uint32_t>(*number);
  if (const std::string* settings = file.find_metadata("settings"))
    Json::parse(*settings).get_to(weights.settings);
  if (const std::string* home = file.find_metadata("home")) weights.home = *home;
  const std::string* data = file.find_metadata("data");
  const Json descriptions = data == nullptr ? Json::object() : Json::parse(*data);
  for (const auto& [name, entry] : descriptions.items())
    weights.data.emplace_back(name, description_of(entry));
}

}  // namespace

std::string encode_weights(const Weights& weights) {
  Json data = Json::object();
  for (const auto& [name, description] : weights.data) data[name] = to_json(description);
  TensorFile file;
  file.tensors = weights.tensors;
  if (weights.seed) file.metadata.emplace_back("seed", std::to_string(*weights.seed));
  if (!weights.home.empty()) file.metadata.emplace_back("home", weights.home);
  file.metadata.emplace_back("settings", Json(weights.settings).dump());
  file.metadata.emplace_back("data", data.dump());
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

std::vector<std::pair<std::string, ColumnDescription>> describe_data(const CheckedModel& model) {
  std::vector<std::pair<std::string, ColumnDescription>> descriptions;
  for (const DataEntry& entry : model.data) descriptions.emplace_back(entry.name, describe(*entry.column));
  return descriptions;
}

}  // namespace talweg
