#include "training/checkpoint.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

#include "support/file.hpp"
#include "support/numbers.hpp"
#include "training/safetensors.hpp"

namespace talweg {
namespace {

constexpr std::string_view kFormat = "talweg checkpoint 1";

class MetadataReader {
 public:
  MetadataReader(const TensorFile& file, const std::string& path) : file_(file), path_(path) {}

  [[nodiscard]] const std::string& text(std::string_view name) const {
    const std::string* value = file_.find_metadata(name);
    if (value == nullptr) refuse(name);
    return *value;
  }

  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t most) const {
    const auto value = parse_integer(text(name));
    if (!value || *value < 0 || *value > most) refuse(name);
    return *value;
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> settings() const {
    const nlohmann::json list = nlohmann::json::parse(text("settings"), nullptr, false);
    std::vector<std::pair<std::string, std::string>> settings;
    try {
      list.get_to(settings);
    } catch (const nlohmann::json::exception&) {
      refuse("settings");
    }
    return settings;
  }

 private:
  [[noreturn]] void refuse(std::string_view name) const {
    throw Error(Status::files,
                path_ + ": it is no whole checkpoint: its '" + std::string(name) + "' is missing or wrong");
  }

  const TensorFile& file_;
  const std::string& path_;
};

}  // namespace

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  TensorFile file;
  file.metadata = {{"format", std::string(kFormat)},
                   {"step", std::to_string(checkpoint.step)},
                   {"steps", std::to_string(checkpoint.steps)},
                   {"validated_step", std::to_string(checkpoint.validated_step)},
                   {"best_step", std::to_string(checkpoint.best_step)},
                   {"validations_since_best", std::to_string(checkpoint.validations_since_best)},
                   {"seed", std::to_string(checkpoint.seed)},
                   {"optimizer", checkpoint.optimizer},
                   {"settings", nlohmann::json(checkpoint.settings).dump()},
                   {"model", checkpoint.model}};
  file.tensors = checkpoint.tensors;
  return encode_safetensors(file);
}

Checkpoint decode_checkpoint(std::string_view bytes, const std::string& path) {
  TensorFile file = decode_safetensors(bytes, path);
  const std::string* format = file.find_metadata("format");
  if (format == nullptr || *format != kFormat)
    throw Error(Status::files, path + ": it is no checkpoint of Talweg");
  const MetadataReader metadata(file, path);
  static_cast<void>(metadata.text("checksum"));
  Checkpoint checkpoint;
  checkpoint.path = path;
  checkpoint.model = metadata.text("model");
  checkpoint.settings = metadata.settings();
  checkpoint.seed =
      static_cast<std::uint32_t>(metadata.integer("seed", std::numeric_limits<std::uint32_t>::max()));
  checkpoint.optimizer = metadata.text("optimizer");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  checkpoint.step = metadata.integer("step", kMost);
  checkpoint.steps = metadata.integer("steps", kMost);
  checkpoint.validated_step = metadata.integer("validated_step", kMost);
  checkpoint.best_step = metadata.integer("best_step", kMost);
  checkpoint.validations_since_best = metadata.integer("validations_since_best", kMost);
  checkpoint.tensors = std::move(file.tensors);
  return checkpoint;
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  return decode_checkpoint(read_whole_file(path), path.string());
}

ModelOptions resumed_options(const Checkpoint& checkpoint, ModelOptions given) {
  if (!given.seed) given.seed = checkpoint.seed;
  if (!given.steps) given.steps = checkpoint.steps;
  for (const auto& setting : checkpoint.settings)
    if (std::ranges::find(given.set, setting.first, &std::pair<std::string, std::string>::first) ==
        given.set.end())
      given.set.push_back(setting);
  return given;
}

}  // namespace talweg
