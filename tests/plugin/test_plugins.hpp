#pragma once

#include <filesystem>
#include <string>

#include "plugin/optimizers.hpp"

namespace talweg {

/// Where the build puts the libraries of tests/plugin, seen from that of the shipped plugins.
inline std::filesystem::path test_plugin_directory() {
  return (installed_plugin_directory() / "../../../tests/plugins").lexically_normal();
}

/// A model with a matrix to train, for any optimizer.
inline const std::string kSixWeights =
    "talweg: 1\n"
    "parameters: {x: {shape: [3, 2], init: ones}}\n"
    "graph: {loss: sum(x * x)}\n"
    "train: {minimize: loss, optimizer: gd, steps: 20}\n";

inline PluginPath test_plugin_path() { return PluginPath({test_plugin_directory()}); }

/// An optimizer of a file that has an update rule.
inline std::shared_ptr<const UpdateRule> load_rule(std::string_view name, const PluginPath& search) {
  return std::dynamic_pointer_cast<const UpdateRule>(load_optimizer(name, search));
}

/// A directory of one's own, empty at first and gone at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "talweg_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::filesystem::filesystem_error("mkdtemp", {});
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace talweg
