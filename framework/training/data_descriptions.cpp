#include "training/data_descriptions.hpp"

#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

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

}  // namespace

std::string encode_descriptions(const DataDescriptions& descriptions) {
  Json json = Json::object();
  for (const auto& [name, description] : descriptions) json[name] = to_json(description);
  return json.dump();
}

DataDescriptions decode_descriptions(std::string_view text) {
  const Json json = Json::parse(text);
  DataDescriptions descriptions;
  for (const auto& [name, entry] : json.items()) descriptions.emplace_back(name, description_of(entry));
  return descriptions;
}

}  // namespace talweg
