#include "plugin/plugin_path.hpp"

#include <algorithm>
#include <cstdlib>
#include <talweg/error.hpp>

#include "support/installation.hpp"

namespace talweg {
namespace {

namespace fs = std::filesystem;

bool directory_exists(const fs::path& path) {
  std::error_code problem;
  return fs::is_directory(path, problem);
}

std::string_view environment(const char* name) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read only
  return text == nullptr ? "" : text;
}

void append_environment(std::vector<fs::path>& directories) {
  std::string_view rest = environment("TALWEG_PLUGIN_PATH");
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const fs::path directory = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (directory.empty()) continue;
    if (!directory.is_absolute())
      throw Error(Status::plugin, "TALWEG_PLUGIN_PATH: '" + directory.string() + "' is not an absolute path");
    directories.push_back(directory.lexically_normal());
  }
}

}  // namespace

PluginPath PluginPath::standard(std::span<const fs::path> given) {
  std::vector<fs::path> directories = {installed_plugin_directory()};
  for (const fs::path& directory : given) {
    std::error_code problem;
    if (!directory_exists(directory))
      throw Error(Status::plugin, "--plugins: '" + directory.string() + "' is not a directory");
    directories.push_back(fs::canonical(directory, problem));
    if (problem) throw Error(Status::plugin, "--plugins: '" + directory.string() + "': " + problem.message());
  }
  append_environment(directories);
  if (fs::path own = user_plugin_directory(); !own.empty()) directories.push_back(std::move(own));
  return PluginPath(std::move(directories));
}

fs::path PluginPath::find(std::string_view name) const {
  for (const fs::path& directory : directories_) {
    std::error_code problem;
    fs::path file = directory / (std::string(name) + ".so");
    if (fs::exists(fs::symlink_status(file, problem))) return file;
  }
  return {};
}

std::vector<fs::path> PluginPath::files() const {
  std::vector<fs::path> result;
  for (const fs::path& directory : directories_) {
    const auto first = static_cast<std::ptrdiff_t>(result.size());
    std::error_code problem;
    for (fs::directory_iterator entry(directory, problem), end; !problem && entry != end;
         entry.increment(problem))
      if (entry->path().extension() == ".so") result.push_back(entry->path());
    std::sort(result.begin() + first, result.end());
  }
  return result;
}

std::string PluginPath::text() const {
  std::string text;
  for (const fs::path& directory : directories_) text += (text.empty() ? "" : ", ") + directory.string();
  return text;
}

bool is_plugin_name(std::string_view name) {
  constexpr std::size_t kLongest = 64;
  return !name.empty() && name.size() <= kLongest && name[0] >= 'a' && name[0] <= 'z' &&
         std::ranges::all_of(
             name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

fs::path installed_plugin_directory() { return library_directory() / "plugins"; }

fs::path user_plugin_directory() {
  const fs::path data(environment("XDG_DATA_HOME")), home(environment("HOME"));
  if (data.is_absolute()) return (data / "talweg/plugins").lexically_normal();
  if (home.is_absolute()) return (home / ".local/share/talweg/plugins").lexically_normal();
  return {};
}

}  // namespace talweg
