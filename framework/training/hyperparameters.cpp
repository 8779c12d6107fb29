#include "training/hyperparameters.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/fields.hpp"
#include "model/place.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

std::string titled(const Optimizer& rule) { return "optimizer '" + rule.name() + "'"; }

std::vector<std::string> names_of_hyperparameters(const Optimizer& rule) {
  std::vector<std::string> names;
  for (const Hyperparameter& hyperparameter : rule.hyperparameters()) names.push_back(hyperparameter.name);
  return names;
}

void refuse_unknown(const Optimizer& rule, const OptimizerSetting& setting) {
  const std::vector<std::string> known = names_of_hyperparameters(rule);
  for (const HyperparameterSetting& given : setting.hyperparameters) {
    if (std::ranges::find(known, given.name) != known.end()) continue;
    throw error_at(given.name_span, titled(rule) + " has no hyperparameter '" + given.name + "'")
        .note(known.empty() ? "it has none" : "it has " + join(known))
        .set_hint(hint_for_hyperparameter(given.name, rule));
  }
}

/// "'alpha' of optimizer 'my_rule' is > 0, and <subject> is 0"
Error out_of_range(const Optimizer& rule, const Hyperparameter& hyperparameter,
                   const HyperparameterSetting& given, const std::string& subject, double value) {
  const std::string range = describe_range(hyperparameter);
  return error_at(given.value_span, "'" + hyperparameter.name + "' of " + titled(rule) + " is " +
                                        (range.empty() ? "a finite number" : range) + ", and " + subject +
                                        " is " + format_number(value));
}

void check_value(const Optimizer& rule, const Hyperparameter& hyperparameter,
                 const HyperparameterSetting& given) {
  if (hyperparameter.kind == Hyperparameter::Kind::flag) {
    if (given.constant != 0.0 && given.constant != 1.0)
      throw error_at(given.value_span,
                     "'" + hyperparameter.name + "' of " + titled(rule) + " is True or False");
  } else if (given.constant && !hyperparameter.admits(*given.constant)) {
    throw out_of_range(rule, hyperparameter, given, "this", *given.constant);
  }
}

/// 0, `last` and at most a thousand steps between them.
std::vector<std::int64_t> steps_between(std::int64_t last) {
  constexpr std::int64_t kMost = 1000;
  const std::int64_t parts = std::min(last, kMost + 1);
  std::vector<std::int64_t> steps = {0};
  for (std::int64_t i = 1; i <= parts; ++i) steps.push_back(last / parts * i + last % parts * i / parts);
  return steps;
}

}  // namespace

// What others call a hyperparameter is not always near enough to be found by its letters.
std::string hint_for_hyperparameter(const std::string& name, const Optimizer& optimizer) {
  static constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
      {"lr", "alpha"},        {"learning_rate", "alpha"}, {"eta", "alpha"},
      {"step_size", "alpha"}, {"rate", "alpha"},          {"eps", "epsilon"},
      {"betas", "beta1"},     {"dampening", "dampened"},  {"history_size", "memory"}};
  const std::vector<std::string> known = names_of_hyperparameters(optimizer);
  for (const auto& [elsewhere, here] : kElsewhere)
    if (name == elsewhere && std::ranges::find(known, here) != known.end())
      return "did you mean '" + std::string(here) + "'?";
  return did_you_mean(name, known);
}

HyperparameterValues::HyperparameterValues(Graph& graph, const OptimizerSetting& setting,
                                           const Optimizer& rule) {
  refuse_unknown(rule, setting);
  for (const Hyperparameter& hyperparameter : rule.hyperparameters()) {
    const auto given =
        std::ranges::find(setting.hyperparameters, hyperparameter.name, &HyperparameterSetting::name);
    const bool is_given = given != setting.hyperparameters.end();
    if (is_given) check_value(rule, hyperparameter, *given);
    if (!is_given && hyperparameter.required)
      throw error_at(setting.span, titled(rule) + " needs its hyperparameter '" + hyperparameter.name + "'")
          .set_hint("optimizer: {" + rule.name() + ": {" + hyperparameter.name + ": ...}}");
    const std::optional<double> fixed = is_given ? given->constant : hyperparameter.default_value;
    if (hyperparameter.kind == Hyperparameter::Kind::flag) {
      flags_[hyperparameter.name] = *fixed != 0;
      continue;
    }
    const Value number = is_given ? graph.value(given->value) : constant(graph, *fixed);
    numbers_[hyperparameter.name] = number;
    if (fixed == 0.0) zeros_.insert(number.id());
  }
}

void check_schedules(const OptimizerSetting& setting, const Optimizer& rule, std::int64_t steps,
                     const ValuesInSteps& values_in) {
  const std::vector<std::int64_t> looked_at = steps_between(std::max<std::int64_t>(steps, 1) - 1);
  for (const HyperparameterSetting& given : setting.hyperparameters) {
    if (given.constant) continue;
    const Hyperparameter& hyperparameter =
        *std::ranges::find(rule.hyperparameters(), given.name, &Hyperparameter::name);
    const std::vector<double> values = values_in(given.value, looked_at);
    bool ever_inside = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool inside = hyperparameter.admits(values[i]);
      ever_inside = ever_inside || inside;
      if (!inside && values[i] != hyperparameter.low)
        throw out_of_range(rule, hyperparameter, given, "this in step " + std::to_string(looked_at[i]),
                           values[i]);
    }
    if (!ever_inside) throw out_of_range(rule, hyperparameter, given, "this in every step", values.front());
  }
}

}  // namespace talweg
