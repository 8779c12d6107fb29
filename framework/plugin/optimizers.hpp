#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/update_rule.hpp"
#include "plugin/loaded_plugin.hpp"
#include "plugin/plugin_path.hpp"

namespace talweg {

/// The optimizer of that name from the first directory that has `<name>.so`. Throws Error{plugin} in one line
/// that names the file and what is wrong with it, or the directories where there is none, with the nearest
/// name as hint. Safe to call from several threads.
[[nodiscard]] std::shared_ptr<const Optimizer> load_optimizer(std::string_view name,
                                                              const PluginPath& search);

/// What the plugin of that name says of itself. Throws as load_optimizer.
[[nodiscard]] PluginDescription describe_plugin(std::string_view name, const PluginPath& search);

/// A file of the search path: a plugin, or what is wrong with it.
struct ListedPlugin {
  std::filesystem::path path;
  std::optional<PluginDescription> description;
  std::string error;  ///< one line, names the file; "" where there is a description
};

/// Every *.so of the search path in its order; one that an earlier directory hides says so as its error.
[[nodiscard]] std::vector<ListedPlugin> list_plugins(const PluginPath& search);

}  // namespace talweg
