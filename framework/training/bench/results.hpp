#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "training/bench/experiment.hpp"
#include "training/bench/scores.hpp"

namespace talweg::bench {

/// What came of one optimizer, with the setting that was chosen for it.
struct Result {
  std::string optimizer;
  std::string sha256;  ///< of the plugin's file
  std::vector<std::pair<std::string, double>> settings;
  std::vector<Outcome> outcomes;           ///< by case
  std::optional<Sensitivity> sensitivity;  ///< where all step sizes were tried
  std::vector<std::vector<double>> paths;  ///< by problem of the experiment; empty where there is no picture
};

/// What outcomes depend on besides the optimizers: only those with the same can be compared.
struct Conditions {
  std::string build;        ///< version, and the program's SHA-256
  std::string processor;    ///< see program/processor.hpp
  std::string mode;         ///< "defaults", "tuned" or "grid"
  std::int64_t trials = 0;  ///< settings that were tried for each optimizer

  friend bool operator==(const Conditions&, const Conditions&) = default;
};

/// JSON, one object a line, each with its line's end:
/// {"event":"start","build":...,"processor":...,"mode":...,"trials":...,"cases":...},
/// then for each optimizer a line {"event":"run","optimizer":...,"sha256":...,"settings":{...},"problem":...,
/// "instance":...,"seed":...,"steps":...,"evaluations":...,"seconds":...} a case (null: missed) and, where
/// there is one, {"event":"sensitivity","optimizer":...,"alpha":[...],"score":[...],"band":...}; where there
/// are pictures, {"event":"path","optimizer":...,"problem":...,"points":[...]} for each.
[[nodiscard]] std::string to_json_lines(const Conditions& conditions, const Experiment& experiment,
                                        const std::vector<Result>& results);

/// Results that were written so; `name` begins the text of an error. Throws Error{data}: a text of another
/// kind, other conditions, other problems: they are not mixed.
[[nodiscard]] std::vector<Result> parse_results(const std::string& text, const std::string& name,
                                                const Conditions& conditions, const Experiment& experiment);
/// The same of a file.
[[nodiscard]] std::vector<Result> read_results(const std::filesystem::path& path,
                                               const Conditions& conditions, const Experiment& experiment);

}  // namespace talweg::bench
