#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace talweg {

/// The directories in which plugins are looked for, in that order, all absolute.
class PluginPath {
 public:
  PluginPath() = default;
  explicit PluginPath(std::vector<std::filesystem::path> directories)
      : directories_(std::move(directories)) {}
  /// The installed plugin directory, then `given` (--plugins, which may be relative to the current directory
  /// but have to exist), then those of $TALWEG_PLUGIN_PATH (separated by colons, absolute), then the user's
  /// plugin directory. Throws Error{plugin}.
  [[nodiscard]] static PluginPath standard(std::span<const std::filesystem::path> given = {});

  [[nodiscard]] const std::vector<std::filesystem::path>& directories() const { return directories_; }
  /// The first file `<name>.so` of any kind, or "". REQUIRES: is_plugin_name(name).
  [[nodiscard]] std::filesystem::path find(std::string_view name) const;
  /// Every *.so, by directory and then by name.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;
  /// "/a, /b"
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::filesystem::path> directories_;
};

/// [a-z][a-z0-9_]*, at most 64 characters: no name leads out of a directory.
[[nodiscard]] bool is_plugin_name(std::string_view name);

/// Where the shipped plugins are: `plugins` within the library directory (support/installation.hpp).
[[nodiscard]] std::filesystem::path installed_plugin_directory();

/// Where `talweg plugins build` puts what it makes: $XDG_DATA_HOME/talweg/plugins, or else
/// ~/.local/share/talweg/plugins. It need not exist. "" where neither variable holds an absolute path.
[[nodiscard]] std::filesystem::path user_plugin_directory();

}  // namespace talweg
