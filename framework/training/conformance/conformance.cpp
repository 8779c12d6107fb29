#include "training/conformance/conformance.hpp"

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "plugin/optimizers.hpp"
#include "support/numbers.hpp"
#include "training/conformance/checks.hpp"
#include "training/conformance/isolated.hpp"
#include "training/conformance/trace.hpp"
#include "training/found_optimizer.hpp"
#include "training/hyperparameters.hpp"

namespace talweg {
namespace conformance {
namespace {

/// A number that a required hyperparameter may be.
double choose(const Hyperparameter& hyperparameter) {
  constexpr double kUsual[] = {0.01, 0.5, 1, 2, 100};
  for (double number : kUsual)
    if (hyperparameter.admits(number)) return number;
  if (hyperparameter.whole && std::isfinite(hyperparameter.low)) return std::floor(hyperparameter.low) + 1;
  if (std::isfinite(hyperparameter.low) && std::isfinite(hyperparameter.high))
    return (hyperparameter.low + hyperparameter.high) / 2;
  return std::isfinite(hyperparameter.low) ? hyperparameter.low + 1 : hyperparameter.high - 1;
}

Subject make_subject(std::shared_ptr<const Optimizer> optimizer, const ConformanceOptions& options) {
  Subject subject{std::move(optimizer), options.set, {}};
  const auto& known = subject.optimizer->hyperparameters();
  for (const auto& [name, value] : options.set) {
    if (std::ranges::find(known, name, &Hyperparameter::name) != known.end()) continue;
    throw Error(Status::model, subject.optimizer->name() + " has no hyperparameter '" + name + "'")
        .set_hint(hint_for_hyperparameter(name, *subject.optimizer));
  }
  for (const Hyperparameter& hyperparameter : known) {
    const auto is_it = [&](const auto& given) { return given.first == hyperparameter.name; };
    if (hyperparameter.required && std::ranges::none_of(subject.settings, is_it))
      subject.settings.emplace_back(hyperparameter.name, format_number(choose(hyperparameter)));
  }
  return subject;
}

struct Check {
  const char* name;
  Verdict (*run)(const Subject&);
};

constexpr Check kChecks[] = {
    {"hyperparameters", check_hyperparameters}, {"moves downhill", check_downhill},
    {"state round trip", check_round_trip},     {"order of parameters", check_order},
    {"split of parameters", check_split},       {"fused emission", check_fused},
    {"float32 and float64", check_types},       {"zero gradient", check_zero_gradient},
    {"NaN gradient", check_nan_gradient},       {"one and two threads", check_threads},
    {"value and gradient", check_evaluations},  {"failed line search", check_failed_search},
};

/// What `body` says; an error is a failure, and so is the end of its process.
template <class Body>
ConformanceResult guarded(const char* name, Body body) {
  Verdict verdict = run_isolated(body);
  return {name, verdict.outcome, std::move(verdict.detail)};
}

}  // namespace
}  // namespace conformance

std::string_view to_string(ConformanceResult::Outcome outcome) {
  switch (outcome) {
    case ConformanceResult::Outcome::ok:
      return "ok";
    case ConformanceResult::Outcome::failed:
      return "failed";
    case ConformanceResult::Outcome::skipped:
      return "skipped";
  }
  return "";
}

namespace conformance {
namespace {

void check_all(Subject subject, const ConformanceOptions& options, const std::optional<Trace>& trace,
               const std::function<void(const ConformanceResult&)>& finished) {
  subject = make_subject(std::move(subject.optimizer), options);
  const ConformanceResult works = guarded("makes a step", [&] {
    static_cast<void>(habits_of(subject));
    return ok();
  });
  finished(works);
  if (works.outcome == Outcome::failed) return;
  subject.habits = habits_of(subject);  // now that it is known to come back
  if (trace) finished(guarded("trace", [&] { return check_trace(subject, *trace); }));
  for (const Check& check : kChecks) finished(guarded(check.name, [&] { return check.run(subject); }));
}

}  // namespace
}  // namespace conformance

void check_conformance(const std::string& name, const PluginPath& search, const ConformanceOptions& options,
                       const std::function<void(const ConformanceResult&)>& finished) {
  using namespace conformance;
  std::optional<Trace> trace;
  if (options.trace) trace = read_trace(*options.trace);
  if (names_model_file(name)) {
    for (FoundOptimizer& found : find_named_optimizers(name, search)) {
      finished({"loads", Outcome::ok, "'" + found.optimizer->name() + "' of " + name});
      check_all({std::move(found.optimizer), {}, {}}, options, trace, finished);
    }
    return;
  }
  if (!is_plugin_name(name) || search.find(name).empty())
    static_cast<void>(load_optimizer(name, search));  // throws, with the nearest name
  const ConformanceResult loads = guarded("loads", [&] {
    static_cast<void>(load_optimizer(name, search));
    return ok(search.find(name).string());
  });
  finished(loads);
  if (loads.outcome != Outcome::failed)
    check_all({load_optimizer(name, search), {}, {}}, options, trace, finished);
}

}  // namespace talweg
