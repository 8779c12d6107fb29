#include <algorithm>
#include <cmath>
#include <set>
#include <talweg/error.hpp>

#include "support/numbers.hpp"
#include "training/conformance/checks.hpp"
#include "training/conformance/objective.hpp"
#include "training/watched_rule.hpp"

namespace talweg::conformance {
namespace {

constexpr const char* kModel =
    "parameters: {matrix: [[1, 2], [3, 4]], vector: [5, 6]}\n"
    "graph: {loss: sum(matrix * matrix) + sum(vector * vector)}\n";

/// With more flags than this, each alone is turned.
constexpr std::size_t kMostFlags = 6;

using Settings = std::vector<std::pair<std::string, std::string>>;

/// Every combination of the flags; where they are many, the defaults and each flag turned by itself.
std::vector<Settings> flag_combinations(const Optimizer& optimizer) {
  std::vector<const Hyperparameter*> flags;
  for (const Hyperparameter& hyperparameter : optimizer.hyperparameters())
    if (hyperparameter.kind == Hyperparameter::Kind::flag) flags.push_back(&hyperparameter);
  std::vector<Settings> combinations;
  const auto add = [&](auto is_on) {
    Settings settings;
    for (std::size_t i = 0; i < flags.size(); ++i)
      settings.emplace_back(flags[i]->name, is_on(i) ? "True" : "False");
    combinations.push_back(std::move(settings));
  };
  if (flags.size() <= kMostFlags) {
    for (std::size_t bits = 0; bits < std::size_t{1} << flags.size(); ++bits)
      add([&](std::size_t i) { return (bits >> i & 1U) != 0; });
    return combinations;
  }
  for (std::size_t turned = 0; turned <= flags.size(); ++turned)
    add([&](std::size_t i) { return (flags[i]->default_value != 0) != (i == turned); });
  return combinations;
}

std::string describe(const Settings& settings) {
  std::string text;
  for (const auto& [name, value] : settings)
    text.append(text.empty() ? "" : ", ").append(name).append(": ").append(value);
  return text;
}

Subject with(const Subject& subject, const Settings& settings) {
  Subject changed = subject;
  for (const auto& [name, value] : settings) {
    std::erase_if(changed.settings, [&name = name](const auto& given) { return given.first == name; });
    changed.settings.emplace_back(name, value);
  }
  return changed;
}

/// The hyperparameters that the optimizer asks for in any combination of its flags.
std::set<std::string> asked_for(const Subject& subject) {
  Asked asked;
  for (const Settings& flags : flag_combinations(*subject.optimizer)) {
    const Subject changed = with(subject, flags);
    try {
      if (const UpdateRule* rule = subject.rule()) {
        static_cast<void>(make_trainer(changed, {kModel}, std::make_shared<WatchedRule>(*rule, asked)));
        continue;
      }
      constexpr int kSteps = 5;
      ProbeObjective objective(changed, curved_valley());
      for (int i = 0; i < kSteps; ++i) subject.minimizer()->step(objective.begin_step());
      asked.hyperparameters.insert(objective.asked().begin(), objective.asked().end());
    } catch (Error& error) {
      if (!flags.empty()) error.set_message("with " + describe(flags) + ": " + error.message());
      throw;
    }
  }
  return asked.hyperparameters;
}

bool is_refused(const Subject& subject, const std::string& name, double value) {
  try {
    static_cast<void>(make_trainer(with(subject, {{name, format_number(value)}}), {kModel}));
  } catch (const Error& error) {
    return error.status() == Status::model;
  }
  return false;
}

/// A number beside the range on one side; nothing where the range has no end there.
std::optional<double> beside(double end, bool is_excluded, int direction) {
  if (std::isinf(end)) return std::nullopt;
  return is_excluded ? end : end + direction * std::max(1.0, std::abs(end));
}

/// What is no whole number where those alone are admitted.
std::optional<double> fraction(const Hyperparameter& hyperparameter) {
  return hyperparameter.whole ? std::optional(std::floor(hyperparameter.low) + 1.5) : std::nullopt;
}

}  // namespace

Verdict check_hyperparameters(const Subject& subject) {
  const std::set<std::string> asked = asked_for(subject);
  for (const Hyperparameter& hyperparameter : subject.optimizer->hyperparameters()) {
    if (!asked.contains(hyperparameter.name))
      return failed("'" + hyperparameter.name + "' is declared, and the optimizer never asks for it");
    if (hyperparameter.kind == Hyperparameter::Kind::flag) continue;
    for (const auto& outside :
         {beside(hyperparameter.low, hyperparameter.low_excluded, -1),
          beside(hyperparameter.high, hyperparameter.high_excluded, 1), fraction(hyperparameter)})
      if (outside && !is_refused(subject, hyperparameter.name, *outside))
        return failed("'" + hyperparameter.name + "' may be " + format_number(*outside) +
                      ", which is outside its range");
  }
  return ok();
}

}  // namespace talweg::conformance
