#include "training/checkpoint.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>
#include <talweg/error.hpp>

#include "model/fields.hpp"
#include "support/build.hpp"
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

  [[nodiscard]] EndReason condition(std::string_view name) const {
    for (EndReason reason : {EndReason::gradient, EndReason::loss})
      if (text(name) == to_string(reason)) return reason;
    refuse(name);
  }

  [[nodiscard]] DataDescriptions descriptions(std::string_view name) const {
    try {
      return decode_descriptions(text(name));
    } catch (const std::exception&) {
      refuse(name);
    }
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> pairs(std::string_view name) const {
    const nlohmann::json list = nlohmann::json::parse(text(name), nullptr, false);
    std::vector<std::pair<std::string, std::string>> pairs;
    try {
      list.get_to(pairs);
    } catch (const nlohmann::json::exception&) {
      refuse(name);
    }
    return pairs;
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
                   {"steps_given", checkpoint.steps_given ? "1" : "0"},
                   {"validated_step", std::to_string(checkpoint.validated_step)},
                   {"best_step", std::to_string(checkpoint.best_step)},
                   {"validations_since_best", std::to_string(checkpoint.validations_since_best)},
                   {"seed", std::to_string(checkpoint.seed)},
                   {"optimizer", checkpoint.optimizer},
                   {"plugins", nlohmann::json(checkpoint.plugins).dump()},
                   {"build", checkpoint.surroundings.build},
                   {"processor", checkpoint.surroundings.processor},
                   {"threads", std::to_string(checkpoint.surroundings.threads)},
                   {"settings", nlohmann::json(checkpoint.settings).dump()},
                   {"model", checkpoint.model},
                   {"data", encode_descriptions(checkpoint.data)}};
  if (checkpoint.set_optimizer) file.metadata.emplace_back("set_optimizer", *checkpoint.set_optimizer);
  if (checkpoint.better_step)
    file.metadata.emplace_back("better_step", std::to_string(*checkpoint.better_step));
  if (checkpoint.met) {
    file.metadata.emplace_back("met_step", std::to_string(checkpoint.met->step));
    file.metadata.emplace_back("met", to_string(checkpoint.met->reason));
  }
  if (checkpoint.evaluations)
    file.metadata.emplace_back("evaluations", std::to_string(*checkpoint.evaluations));
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
  checkpoint.settings = metadata.pairs("settings");
  if (file.find_metadata("data") != nullptr) checkpoint.data = metadata.descriptions("data");
  checkpoint.seed =
      static_cast<std::uint32_t>(metadata.integer("seed", std::numeric_limits<std::uint32_t>::max()));
  checkpoint.optimizer = metadata.text("optimizer");
  if (file.find_metadata("set_optimizer") != nullptr)
    checkpoint.set_optimizer = metadata.text("set_optimizer");
  checkpoint.plugins = metadata.pairs("plugins");
  checkpoint.surroundings.build = metadata.text("build");
  checkpoint.surroundings.processor = metadata.text("processor");
  checkpoint.surroundings.threads =
      static_cast<int>(metadata.integer("threads", std::numeric_limits<int>::max()));
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  checkpoint.step = metadata.integer("step", kMost);
  checkpoint.steps = metadata.integer("steps", kMost);
  checkpoint.steps_given = metadata.integer("steps_given", 1) == 1;
  checkpoint.validated_step = metadata.integer("validated_step", kMost);
  checkpoint.best_step = metadata.integer("best_step", kMost);
  checkpoint.validations_since_best = metadata.integer("validations_since_best", kMost);
  if (file.find_metadata("better_step") != nullptr)
    checkpoint.better_step = metadata.integer("better_step", kMost);
  if (file.find_metadata("met") != nullptr)
    checkpoint.met = {metadata.integer("met_step", kMost), metadata.condition("met")};
  if (file.find_metadata("evaluations") != nullptr)
    checkpoint.evaluations = metadata.integer("evaluations", kMost);
  checkpoint.tensors = std::move(file.tensors);
  return checkpoint;
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  return decode_checkpoint(read_whole_file(path), path.string());
}

Surroundings Surroundings::of_this_process(int threads) { return {build_id(), processor_name(), threads}; }

std::string difference(const Surroundings& then, const Surroundings& now) {
  std::vector<std::string> parts;
  if (then.build != now.build) parts.emplace_back("the build of talweg");
  if (then.processor != now.processor)
    parts.push_back("the processor (" + then.processor + ", now " + now.processor + ")");
  if (then.threads != now.threads)
    parts.push_back("the number of threads (" + std::to_string(then.threads) + ", now " +
                    std::to_string(now.threads) + ")");
  return join(parts);
}

namespace {

/// The line with "..." for the numbers behind `steps:` and `epochs:`.
std::string without_planned_numbers(std::string line) {
  for (const std::string_view key : {"steps:", "epochs:"})
    for (std::size_t place = line.find(key); place != std::string::npos; place = line.find(key, place)) {
      const bool is_whole_word =
          place == 0 ||
          (std::isalnum(static_cast<unsigned char>(line[place - 1])) == 0 && line[place - 1] != '_');
      place += key.size();
      const std::size_t begin = line.find_first_not_of(' ', place);
      const std::size_t end = std::min(line.find_first_of(" ,}", begin), line.size());
      if (is_whole_word && begin < end) line.replace(place, end - place, " ...");
    }
  return line;
}

/// The lines that mean something, without what surrounds them.
std::vector<std::string> meaningful_lines(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    const std::size_t begin = line.find_first_not_of(kSpace);
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    line = line.substr(0, line.find_last_not_of(kSpace) + 1);
    lines.push_back(without_planned_numbers(std::string(line)));
  }
  return lines;
}

}  // namespace

std::string first_difference(std::string_view then, std::string_view now) {
  const std::vector<std::string> before = meaningful_lines(then), after = meaningful_lines(now);
  const auto line = [](const std::vector<std::string>& lines, std::size_t i) {
    return i < lines.size() ? "'" + lines[i] + "'" : std::string("nothing");
  };
  for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
    if (line(before, i) != line(after, i)) return line(before, i) + " has become " + line(after, i);
  return "";
}

ModelOptions resumed_options(const Checkpoint& checkpoint, ModelOptions given) {
  if (!given.seed) given.seed = checkpoint.seed;
  if (!given.optimizer) given.optimizer = checkpoint.set_optimizer;
  if (!given.steps && checkpoint.steps_given) given.steps = checkpoint.steps;
  for (const auto& setting : checkpoint.settings)
    if (std::ranges::find(given.set, setting.first, &std::pair<std::string, std::string>::first) ==
        given.set.end())
      given.set.push_back(setting);
  if (given.use.descriptions.empty()) given.use.descriptions = checkpoint.data;
  return given;
}

}  // namespace talweg
