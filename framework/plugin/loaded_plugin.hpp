#pragma once

#include <talweg/plugin.h>

#include <filesystem>
#include <string>
#include <vector>

#include "graph/update_rule.hpp"

namespace talweg {

/// What a plugin says of itself, checked.
struct PluginDescription {
  std::string name;
  std::string kind;  ///< "update rule"
  std::string summary;
  std::filesystem::path path;
  std::uint32_t api_version = 0;
  std::vector<std::string> needs;  ///< "second derivatives", ...
  std::vector<Hyperparameter> hyperparameters;
};

/// A library in memory. It stays there: nothing of it becomes invalid.
struct LoadedPlugin {
  PluginDescription description;
  const talweg_plugin_table* table = nullptr;
};

/// Checks the file, loads it, checks what its table says. Throws Error{plugin}: "plugin <path>: <reason>", in
/// one line. REQUIRES: the path is absolute.
[[nodiscard]] LoadedPlugin load_plugin(const std::filesystem::path& path);

}  // namespace talweg
