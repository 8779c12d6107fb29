#include "plugin/loaded_plugin.hpp"

#include <dlfcn.h>

#include <boost/dll/shared_library.hpp>
#include <cmath>
#include <cstring>
#include <mutex>
#include <set>
#include <talweg/error.hpp>

#include "plugin/library_file.hpp"
#include "plugin/plugin_path.hpp"
#include "plugin/text.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

constexpr std::size_t kMaximumHyperparameters = 256;

[[noreturn]] void refuse(const std::string& reason) { throw Error(Status::plugin, reason); }

/// Keeps every library for as long as the process lives.
const boost::dll::shared_library& keep(boost::dll::shared_library library) {
  static std::mutex mutex;
  static auto& libraries = *new std::deque<boost::dll::shared_library>;
  const std::scoped_lock lock(mutex);
  return libraries.emplace_back(std::move(library));
}

/// What dlopen says without the path, which it repeats.
std::string loading_problem(const std::filesystem::path& path) {
  const char* text = dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps one a thread
  std::string reason = one_line(text == nullptr ? "for an unknown reason" : text);
  if (const std::string start = path.string() + ": "; reason.starts_with(start))
    reason.erase(0, start.size());
  return reason;
}

const talweg_plugin_table& open_table(const std::filesystem::path& path) {
  std::error_code problem;
  boost::dll::shared_library library;
  library.load(path, problem, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (problem) refuse("cannot be loaded: " + loading_problem(path));
  return keep(std::move(library)).get<const talweg_plugin_table>(TALWEG_PLUGIN_SYMBOL);
}

std::vector<std::string> describe_needs(std::uint32_t bits) {
  static constexpr std::pair<std::uint32_t, const char*> kNeeds[] = {
      {TALWEG_NEEDS_OBJECTIVE, "to evaluate the objective itself"},
      {TALWEG_NEEDS_SECOND_DERIVATIVES, "second derivatives"},
      {TALWEG_NEEDS_EXAMPLES, "to draw the examples"},
      {TALWEG_NEEDS_WEIGHT_SWAP, "other weights for evaluation"},
      {TALWEG_NEEDS_ALL_PARAMETERS, "all parameters together"},
  };
  std::vector<std::string> needs;
  for (const auto& [bit, text] : kNeeds) {
    if ((bits & bit) != 0) needs.emplace_back(text);
    bits &= ~bit;
  }
  if (bits != 0) needs.push_back("something unknown (bits " + std::to_string(bits) + ")");
  return needs;
}

/// What this Talweg gives to a plugin of that kind.
std::uint32_t offered(std::uint32_t kind) {
  return kind == TALWEG_MINIMIZER
             ? TALWEG_NEEDS_OBJECTIVE | TALWEG_NEEDS_SECOND_DERIVATIVES
             : TALWEG_NEEDS_ALL_PARAMETERS | TALWEG_NEEDS_WEIGHT_SWAP | TALWEG_NEEDS_EXAMPLES;
}

void check_functions(const talweg_plugin_table& table) {
  if (table.kind == TALWEG_UPDATE_RULE) {
    if (table.update == nullptr) refuse("has no function `update`");
    return;
  }
  const bool has_field = table.struct_size >= offsetof(talweg_plugin_table, minimize) + sizeof table.minimize;
  if (!has_field || table.minimize == nullptr) refuse("has no function `minimize`");
  if ((table.needs & TALWEG_NEEDS_OBJECTIVE) == 0)
    refuse("is a minimizer that does not say that it evaluates the objective itself");
}

Hyperparameter read_hyperparameter(const talweg_hyperparameter& entry, std::size_t index) {
  const std::string number = "hyperparameter " + std::to_string(index + 1);
  if (entry.kind != TALWEG_NUMBER && entry.kind != TALWEG_FLAG)
    refuse(number + " is of the unknown kind " + std::to_string(entry.kind));
  Hyperparameter result;
  result.name = text_from_plugin(entry.name, number + ": its name");
  if (!is_plugin_name(result.name))
    refuse(number + ": the name '" + result.name + "' is not made of a-z, 0-9 and _, a letter first");
  const std::string named = "hyperparameter '" + result.name + "'";
  result.doc = text_from_plugin(entry.doc, named + ": its description");
  result.kind = entry.kind == TALWEG_FLAG ? Hyperparameter::Kind::flag : Hyperparameter::Kind::number;
  result.required = (entry.options & TALWEG_REQUIRED) != 0;
  result.low_excluded = (entry.options & TALWEG_LOW_EXCLUDED) != 0;
  result.high_excluded = (entry.options & TALWEG_HIGH_EXCLUDED) != 0;
  result.whole = (entry.options & TALWEG_WHOLE) != 0;
  result.low = entry.low;
  result.high = entry.high;
  if (!(result.low <= result.high))
    refuse(named + ": its range goes from " + format_number(result.low) + " to " +
           format_number(result.high));
  if (result.required) return result;
  result.default_value = entry.default_value;
  if (result.kind == Hyperparameter::Kind::flag && result.default_value != 0 && result.default_value != 1)
    refuse(named + ": the default of a flag is 0 or 1, not " + format_number(result.default_value));
  if (std::isnan(result.default_value) || !result.admits(result.default_value))
    refuse(named + ": its default " + format_number(result.default_value) + " is outside its range (" +
           describe_range(result) + ")");
  return result;
}

std::vector<Hyperparameter> read_hyperparameters(const talweg_plugin_table& table) {
  if (table.hyperparameter_count > kMaximumHyperparameters)
    refuse("has " + std::to_string(table.hyperparameter_count) + " hyperparameters, more than " +
           std::to_string(kMaximumHyperparameters));
  if (table.hyperparameter_count == 0) return {};
  if (table.hyperparameters == nullptr) refuse("its table of hyperparameters is a null pointer");
  if (table.hyperparameter_size < sizeof(talweg_hyperparameter) ||
      table.hyperparameter_size % alignof(talweg_hyperparameter) != 0)
    refuse("its hyperparameters are " + std::to_string(table.hyperparameter_size) +
           " bytes apart, which does not fit entries of " + std::to_string(sizeof(talweg_hyperparameter)));
  std::vector<Hyperparameter> result;
  std::set<std::string> names;
  const auto* bytes = static_cast<const std::byte*>(table.hyperparameters);
  for (std::size_t i = 0; i < table.hyperparameter_count; ++i) {
    talweg_hyperparameter entry;
    std::memcpy(&entry, bytes + i * table.hyperparameter_size, sizeof entry);
    result.push_back(read_hyperparameter(entry, i));
    if (!names.insert(result.back().name).second)
      refuse("hyperparameter '" + result.back().name + "' is there twice");
  }
  return result;
}

LoadedPlugin load(const std::filesystem::path& path) {
  const std::string stem = path.stem().string();
  if (!is_plugin_name(stem)) refuse("the file's name is not made of a-z, 0-9 and _, a letter first");
  const LibraryHeader header = read_library_header(path);
  const std::vector<std::string> needs = describe_needs(header.needs & ~offered(header.kind));
  if (!needs.empty()) refuse("needs " + needs.front() + ", which this Talweg does not offer");

  const talweg_plugin_table& table = open_table(path);
  if (LibraryHeader{table.magic, table.api_version, table.struct_size, table.kind, table.needs} != header)
    refuse("its table changes when it is loaded");
  LoadedPlugin plugin{{}, &table};
  PluginDescription& description = plugin.description;
  description.name = text_from_plugin(table.name, "its name");
  if (description.name != stem)
    refuse("calls itself '" + description.name + "', unlike its file: give the two one name");
  description.kind = header.kind == TALWEG_MINIMIZER ? "minimizer" : "update rule";
  description.summary = text_from_plugin(table.summary, "its summary");
  description.path = path;
  description.api_version = header.api_version;
  description.hyperparameters = read_hyperparameters(table);
  description.needs = describe_needs(header.needs);
  check_functions(table);
  return plugin;
}

}  // namespace

LoadedPlugin load_plugin(const std::filesystem::path& path) {
  try {
    return load(path);
  } catch (Error& error) {
    throw error.set_message("plugin " + path.string() + ": " + error.message());
  } catch (const std::exception& exception) {
    throw Error(Status::plugin, "plugin " + path.string() + ": " + one_line(exception.what()));
  }
}

}  // namespace talweg
