#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugin/plugin_path.hpp"

namespace talweg {

/// What came of one thing that an optimizer is held to.
struct ConformanceResult {
  enum class Outcome : std::uint8_t { ok, failed, skipped };

  std::string name;  ///< of what is checked: "zero gradient"
  Outcome outcome = Outcome::ok;
  std::string detail;  ///< what differed, why it was skipped, or what was looked at; one line
};
/// "ok", "failed", "skipped".
[[nodiscard]] std::string_view to_string(ConformanceResult::Outcome outcome);

struct ConformanceOptions {
  /// Hyperparameters in place of their defaults: names and numbers. A required one that is not given gets a
  /// number of its range.
  std::vector<std::pair<std::string, std::string>> set;
  std::optional<std::filesystem::path> trace;  ///< see trace.hpp
};

/// Holds the plugin of that name, or each of `optimizers:` in the model file of that name, to what every
/// optimizer promises, thing by thing, each in a process of its own, and calls `finished` for each. A plugin
/// that does not load gets the one result that says so. Throws Error: there is no such plugin or file, `set`
/// does not fit it, the trace cannot be read.
void check_conformance(const std::string& name, const PluginPath& search, const ConformanceOptions& options,
                       const std::function<void(const ConformanceResult&)>& finished);

}  // namespace talweg
