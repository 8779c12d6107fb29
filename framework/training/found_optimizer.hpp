#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "graph/update_rule.hpp"
#include "plugin/plugin_path.hpp"

namespace talweg {

/// An optimizer, and the file that it is from.
struct FoundOptimizer {
  std::shared_ptr<const Optimizer> optimizer;
  std::filesystem::path file;
};

/// Does it name a model file, rather than a plugin?
[[nodiscard]] bool names_model_file(const std::string& name);

/// Those that the command line means by `name`: the plugin of that name, or all of `optimizers:` in the model
/// file of that path. Throws Error as load_optimizer or load_model, or where the file defines none.
[[nodiscard]] std::vector<FoundOptimizer> find_named_optimizers(const std::string& name,
                                                                const PluginPath& search);

}  // namespace talweg
