// talweg plugins ACTION: list and describe are here

#include <algorithm>
#include <talweg/error.hpp>

#include "command_line.hpp"
#include "commands.hpp"
#include "output.hpp"
#include "plugin/optimizers.hpp"
#include "plugin/update_formula.hpp"
#include "plugin_commands.hpp"
#include "support/file.hpp"
#include "support/json_object.hpp"
#include "support/numbers.hpp"
#include "support/sha256.hpp"
#include "support/suggest.hpp"
#include "support/table.hpp"
#include "training/found_optimizer.hpp"

namespace talweg {
namespace {

constexpr const char* kExplanation =
    "A plugin NAME is NAME.so in the installed directory, in those of --plugins, or in those of\n"
    "$TALWEG_PLUGIN_PATH (absolute, separated by colons), or in the user's directory, where `talweg plugins\n"
    "build` puts it; the first that is found is taken.\n";

struct Options {
  std::vector<std::string> plugins;
  bool json = false;

  void declare(CommandLine& line) {
    line.option("--plugins", "DIR", "a directory with plugins, besides the installed ones", plugins);
    line.flag("--json", "one JSON object a line", json);
    line.explain(kExplanation);
  }
  [[nodiscard]] PluginPath path() const {
    const std::vector<std::filesystem::path> directories(plugins.begin(), plugins.end());
    return PluginPath::standard(directories);
  }
};

/// The reason alone: "plugin FILE: REASON" names the file, which has a column of its own.
std::string reason_of(const ListedPlugin& plugin) {
  const std::string start = "plugin " + plugin.path.string() + ": ";
  return plugin.error.starts_with(start) ? plugin.error.substr(start.size()) : plugin.error;
}

JsonObject to_json(const PluginDescription& plugin) {
  JsonObject object;
  object.add("event", "plugin").add("name", plugin.name).add("kind", plugin.kind);
  object.add("summary", plugin.summary).add("file", plugin.path.string());
  if (plugin.api_version > 0) object.add("api_version", static_cast<std::int64_t>(plugin.api_version));
  return object;
}

int run_list(std::span<const std::string> arguments) {
  Options options;
  CommandLine line("plugins list", "Lists the plugins there are; one that cannot be used with the reason.");
  options.declare(line);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {{"name", "kind", "summary", "file"}};
  std::string lines;
  for (const ListedPlugin& plugin : list_plugins(options.path())) {
    const std::string name = plugin.path.stem().string(), file = plugin.path.string();
    if (plugin.description) {
      rows.push_back({name, plugin.description->kind, plugin.description->summary, file});
      lines += to_json(*plugin.description).text() + "\n";
    } else {
      rows.push_back({name, "unusable", reason_of(plugin), file});
      JsonObject object;
      object.add("event", "plugin").add("name", name).add("file", file).add("error", plugin.error);
      lines += object.text() + "\n";
    }
  }
  write_output(options.json ? lines : format_table(rows));
  return 0;
}

std::string default_of(const Hyperparameter& hyperparameter) {
  if (hyperparameter.required) return "required";
  if (hyperparameter.kind == Hyperparameter::Kind::number) return format_number(hyperparameter.default_value);
  return hyperparameter.default_value != 0 ? "True" : "False";
}

std::string range_of(const Hyperparameter& hyperparameter) {
  return hyperparameter.kind == Hyperparameter::Kind::flag ? "True or False" : describe_range(hyperparameter);
}

std::string needs_of(const PluginDescription& plugin) {
  std::string text;
  for (const std::string& need : plugin.needs) text += (text.empty() ? "" : ", ") + need;
  return text.empty() ? "nothing besides the gradient" : text;
}

/// What `describe` shows.
struct Described {
  PluginDescription plugin;
  std::string sha256;                   ///< of the file
  std::vector<UpdateFormula> formulas;  ///< of an update rule
};

/// What there is to say of a rule that a model file defines.
PluginDescription describe_rule(const FoundOptimizer& found) {
  PluginDescription description;
  description.name = found.optimizer->name();
  description.kind = "update rule of a model file";
  description.summary = "defined by `optimizers:` of " + found.file.string();
  description.path = found.file;
  description.hyperparameters = found.optimizer->hyperparameters();
  return description;
}

/// The plugin of that name, or each rule of that model file.
std::vector<Described> look_at(const std::string& name, const PluginPath& path) {
  std::vector<Described> all;
  for (const FoundOptimizer& found : find_named_optimizers(name, path)) {
    Described& described = all.emplace_back();
    described.plugin = names_model_file(name) ? describe_rule(found) : describe_plugin(name, path);
    described.sha256 = sha256(read_whole_file(described.plugin.path));
    if (const auto* rule = dynamic_cast<const UpdateRule*>(found.optimizer.get()))
      described.formulas = update_formulas(*rule);
  }
  return all;
}

std::string formulas_text(const Described& described) {
  if (described.formulas.empty()) return "";
  std::string text = "\nA step, from the gradient g; ' marks what x and the states become";
  if (std::ranges::find(described.plugin.hyperparameters, Hyperparameter::Kind::flag,
                        &Hyperparameter::kind) != described.plugin.hyperparameters.end())
    text += ". Options have their defaults";
  text += ":\n";
  for (const UpdateFormula& formula : described.formulas) {
    if (!formula.of.empty()) text += "\n  for " + formula.of + ":\n";
    for (const std::string& line : formula.lines) text += "  " + line + "\n";
  }
  return text;
}

std::string to_text(const Described& described) {
  const PluginDescription& plugin = described.plugin;
  std::string text = plugin.name + ": " + plugin.summary + "\n\n";
  std::vector<std::vector<std::string>> facts = {{"kind", plugin.kind},
                                                 {"needs", needs_of(plugin)},
                                                 {"file", plugin.path.string()},
                                                 {"SHA-256", described.sha256}};
  if (plugin.api_version > 0) facts.push_back({"API version", std::to_string(plugin.api_version)});
  text += format_table(facts);
  text += formulas_text(described);
  if (plugin.hyperparameters.empty()) return text + "\nIt has no hyperparameters.\n";
  std::vector<std::vector<std::string>> rows = {{"hyperparameter", "default", "range", "meaning"}};
  for (const Hyperparameter& hyperparameter : plugin.hyperparameters)
    rows.push_back(
        {hyperparameter.name, default_of(hyperparameter), range_of(hyperparameter), hyperparameter.doc});
  return text + "\n" + format_table(rows);
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ",") + json_text(text);
  return "[" + list + "]";
}

std::string to_json_line(const Described& described) {
  std::string list;
  for (const Hyperparameter& hyperparameter : described.plugin.hyperparameters) {
    JsonObject object;
    object.add("name", hyperparameter.name);
    object.add("kind", hyperparameter.kind == Hyperparameter::Kind::flag ? "flag" : "number");
    if (!hyperparameter.required) object.add("default", hyperparameter.default_value);
    object.add("range", range_of(hyperparameter)).add("doc", hyperparameter.doc);
    list += (list.empty() ? "" : ",") + object.text();
  }
  std::string updates;
  for (const UpdateFormula& formula : described.formulas) {
    JsonObject object;
    object.add("of", formula.of).add_raw("lines", json_list(formula.lines));
    updates += (updates.empty() ? "" : ",") + object.text();
  }
  JsonObject object = to_json(described.plugin);
  object.add("sha256", described.sha256).add_raw("needs", json_list(described.plugin.needs));
  object.add_raw("update", "[" + updates + "]").add_raw("hyperparameters", "[" + list + "]");
  return object.text() + "\n";
}

int run_describe(std::span<const std::string> arguments) {
  Options options;
  std::string name;
  CommandLine line("plugins describe",
                   "Shows what a plugin says of itself, what a step of it does, and its hyperparameters.");
  line.argument("NAME", "of the plugin, or a model file with rules of its own", name);
  options.declare(line);
  if (!line.parse(arguments)) {
    write_output(line.help());
    return 0;
  }
  std::string text;
  for (const Described& described : look_at(name, options.path()))
    text += options.json ? to_json_line(described) : (text.empty() ? "" : "\n") + to_text(described);
  write_output(text);
  return 0;
}

}  // namespace

int run_plugins(std::span<const std::string> arguments) {
  struct Action {
    const char* name;
    const char* summary;
    int (*run)(std::span<const std::string>);
  };
  constexpr Action kActions[] = {
      {"list", "list           the optimizers there are", run_list},
      {"describe", "describe NAME  what one says of itself, its update and its hyperparameters",
       run_describe},
      {"new", "new NAME       writes NAME.cpp, an optimizer to start from", run_plugins_new},
      {"build", "build NAME.cpp compiles it to the plugin NAME", run_plugins_build},
      {"test", "test NAME      holds it to what every optimizer promises", run_plugins_test},
  };
  const std::string given = arguments.empty() ? "" : arguments[0];
  std::vector<std::string> names;
  std::string text;
  for (const Action& action : kActions) {
    if (given == action.name) return action.run(arguments.subspan(1));
    names.emplace_back(action.name);
    text += std::string("talweg plugins ") + action.summary + "\n";
  }
  if (given == "--help" || given == "-h") {
    write_output(text + "\n--help behind each shows its options.\n\n" + kExplanation);
    return 0;
  }
  Error error(Status::model, given.empty() ? "talweg plugins needs one of list, describe, new, build and test"
                                           : "talweg plugins cannot '" + given + "'");
  const std::string hint = did_you_mean(given, names);
  throw error.set_hint(hint.empty() ? "talweg plugins --help" : hint);
}

}  // namespace talweg
