#include "model/data/data_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <talweg/error.hpp>
#include <vector>

namespace talweg {
namespace {

namespace fs = std::filesystem;

void append_environment(std::vector<fs::path>& directories) {
  const char* text = std::getenv("TALWEG_DATA");  // NOLINT(concurrency-mt-unsafe): read only
  std::string_view rest = text == nullptr ? "" : text;
  while (!rest.empty()) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    if (!directory.empty()) directories.emplace_back(directory);
    rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
  }
}

}  // namespace

fs::path find_data_file(const std::string& name, const fs::path& model_directory,
                        std::span<const fs::path> directories) {
  std::vector<fs::path> places = {model_directory};
  if (fs::path(name).is_relative()) {
    places.insert(places.end(), directories.begin(), directories.end());
    append_environment(places);
  }
  Error error(Status::data, "there is no data file '" + name + "'");
  for (const fs::path& directory : places) {
    fs::path path = directory / name;
    std::error_code problem;
    if (fs::exists(path, problem)) return path;
    error.note("looked for " + path.string());
  }
  throw error.set_hint("a path is relative to the model file, then to --data DIR and $TALWEG_DATA");
}

}  // namespace talweg
