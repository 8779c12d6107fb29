#include "training/hyperparameters.hpp"

#include <algorithm>

#include "model/fields.hpp"
#include "model/place.hpp"
#include "support/numbers.hpp"
#include "support/suggest.hpp"

namespace talweg {
namespace {

std::string titled(const UpdateRule& rule) { return "optimizer '" + rule.name() + "'"; }

/// What a step size is called elsewhere is not near enough to "alpha" to be found by its letters.
std::string hint_for(const std::string& name, const std::vector<std::string>& known) {
  const bool is_step_size =
      name == "lr" || name == "learning_rate" || name == "eta" || name == "step_size" || name == "rate";
  if (is_step_size && std::ranges::find(known, "alpha") != known.end()) return "did you mean 'alpha'?";
  return did_you_mean(name, known);
}

void refuse_unknown(const UpdateRule& rule, const OptimizerSetting& setting) {
  std::vector<std::string> known;
  for (const Hyperparameter& hyperparameter : rule.hyperparameters()) known.push_back(hyperparameter.name);
  for (const HyperparameterSetting& given : setting.hyperparameters) {
    if (std::ranges::find(known, given.name) != known.end()) continue;
    throw error_at(given.name_span, titled(rule) + " has no hyperparameter '" + given.name + "'")
        .note(known.empty() ? "it has none" : "it has " + join(known))
        .set_hint(hint_for(given.name, known));
  }
}

void check_value(const UpdateRule& rule, const Hyperparameter& hyperparameter,
                 const HyperparameterSetting& given) {
  const std::string what = "'" + hyperparameter.name + "' of " + titled(rule) + " is ";
  if (hyperparameter.kind == Hyperparameter::Kind::flag) {
    if (given.constant != 0.0 && given.constant != 1.0)
      throw error_at(given.value_span, what + "true or false");
    return;
  }
  if (given.constant && !hyperparameter.admits(*given.constant)) {
    const std::string range = describe_range(hyperparameter);
    throw error_at(given.value_span, what + (range.empty() ? "a number" : range) + ", and this is " +
                                         format_number(*given.constant));
  }
}

}  // namespace

HyperparameterValues::HyperparameterValues(CheckedModel& model, const UpdateRule& rule) {
  const OptimizerSetting& setting = model.train->optimizer;
  refuse_unknown(rule, setting);
  for (const Hyperparameter& hyperparameter : rule.hyperparameters()) {
    const auto given =
        std::ranges::find(setting.hyperparameters, hyperparameter.name, &HyperparameterSetting::name);
    const bool is_given = given != setting.hyperparameters.end();
    if (is_given) check_value(rule, hyperparameter, *given);
    if (!is_given && hyperparameter.required)
      throw error_at(setting.span, titled(rule) + " needs its hyperparameter '" + hyperparameter.name + "'")
          .set_hint("optimizer: {" + rule.name() + ": {" + hyperparameter.name + ": ...}}");
    if (hyperparameter.kind == Hyperparameter::Kind::flag)
      flags_[hyperparameter.name] = (is_given ? *given->constant : hyperparameter.default_value) != 0;
    else
      numbers_[hyperparameter.name] =
          is_given ? model.graph->value(given->value) : constant(*model.graph, hyperparameter.default_value);
  }
}

}  // namespace talweg
