#include "plugin/optimizers.hpp"

#include <talweg/error.hpp>

#include "ops/registry.hpp"
#include "plugin/plugin_minimizer.hpp"
#include "plugin/plugin_update_rule.hpp"
#include "plugin/text.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

/// What was meant by a text that cannot be the name of a plugin, as a hint, or "".
std::string hint_for_no_name(std::string_view name) {
  const std::string stem = std::filesystem::path(name).stem().string();
  if (name.ends_with(".cpp") && is_plugin_name(stem))
    return "talweg plugins build makes a plugin of it; that is called '" + stem + "'";
  if (name.ends_with(".so") && is_plugin_name(stem))
    return "give the name alone, '" + stem + "'; --plugins DIR says where it is";
  if (name.ends_with(".yaml") || name.ends_with(".yml"))
    return "a model uses what its own `optimizers:` define: copy them into its file, and give the rule's "
           "name";
  if (name.find_first_of(":{=") != std::string_view::npos)
    return "hyperparameters stand in braces: 'NAME: {alpha: 0.1}'";
  return "";
}

LoadedPlugin find_and_load(std::string_view name, const PluginPath& search) {
  if (!is_plugin_name(name)) {
    Error error(Status::plugin,
                "'" + one_line(name) +
                    "' is not the name of a plugin: those are made of a-z, 0-9 and _, a letter "
                    "first");
    throw error.set_hint(hint_for_no_name(name));
  }
  const std::filesystem::path file = search.find(name);
  if (!file.empty()) return load_plugin(file);
  std::vector<std::string> names;
  for (const std::filesystem::path& other : search.files()) names.push_back(other.stem().string());
  throw Error(Status::plugin, "there is no plugin '" + std::string(name) + "' in " + search.text())
      .set_hint(did_you_mean(name, names));
}

}  // namespace

std::shared_ptr<const Optimizer> load_optimizer(std::string_view name, const PluginPath& search) {
  register_ops();
  LoadedPlugin plugin = find_and_load(name, search);
  if (plugin.table->kind == TALWEG_MINIMIZER) return make_minimizer(std::move(plugin));
  return make_update_rule(std::move(plugin));
}

PluginDescription describe_plugin(std::string_view name, const PluginPath& search) {
  return find_and_load(name, search).description;
}

std::vector<ListedPlugin> list_plugins(const PluginPath& search) {
  std::vector<ListedPlugin> result;
  for (const std::filesystem::path& file : search.files()) {
    ListedPlugin& listed = result.emplace_back();
    listed.path = file;
    const std::string name = file.stem().string();
    if (is_plugin_name(name) && search.find(name) != file) {
      listed.error = "plugin " + file.string() + ": is hidden by " + search.find(name).string();
      continue;
    }
    try {
      listed.description = load_plugin(file).description;
    } catch (const Error& error) {
      listed.error = error.message();
    }
  }
  return result;
}

}  // namespace talweg
