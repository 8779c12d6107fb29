// The checks that set a minimizer on a function of their own and watch what it does.

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/numbers.hpp"
#include "training/conformance/checks.hpp"
#include "training/conformance/objective.hpp"

namespace talweg::conformance {
namespace {

constexpr const char* kNoMinimizer = "an update rule evaluates nothing";

std::string describe(std::span<const double> x) {
  std::string text;
  for (double element : x) text += (text.empty() ? "(" : ", ") + format_number(element);
  return text + ")";
}

bool all_finite(std::span<const double> x) {
  return std::ranges::all_of(x, [](double element) { return std::isfinite(element); });
}

/// What is wrong with where a step ended, or "": a minimizer that looks at points and then ends at another
/// one, higher than where it was, has taken that one for a point that it looked at.
std::string wrong_end(const ProbeObjective& objective, double before) {
  const auto& trials = objective.trials();
  const auto is_end = [&](const auto& trial) { return trial.first == objective.position(); };
  if (trials.empty() || std::ranges::any_of(trials, is_end)) return "";
  const double after = objective.function().value(objective.position());
  if (after <= before) return "";
  return "step " + std::to_string(objective.step()) + " ends at " + describe(objective.position()) +
         ", which it has not evaluated: the value there is " + format_number(after) + ", and was " +
         format_number(before);
}

/// Where the steps lead, with `offsets` added to the function, each in its step.
struct Path {
  std::vector<std::vector<double>> points;
  std::string problem;
};

Path follow(const Subject& subject, const std::vector<double>& offsets) {
  ProbeObjective objective(subject, curved_valley());
  Path path;
  for (double offset : offsets) {
    const double before = objective.function().value(objective.position());
    Objective& step = objective.begin_step(offset);
    subject.minimizer()->step(step);
    path.points.push_back(objective.position());
    if (!all_finite(objective.position()))
      path.problem =
          "step " + std::to_string(objective.step()) + " ends at " + describe(objective.position());
    if (path.problem.empty()) path.problem = wrong_end(objective, before);
    if (!path.problem.empty()) break;
  }
  return path;
}

/// Where no other point is lower, though the gradient says so.
TestFunction dead_end(double elsewhere) {
  TestFunction f;
  f.start = {1, 2, 3};
  const std::vector<double> start = f.start;
  f.value = [start, elsewhere](std::span<const double> x) {
    double distance = 0;
    for (std::size_t i = 0; i < x.size(); ++i) distance += std::abs(x[i] - start[i]);
    return distance == 0 ? 5 : 5 + distance + elsewhere;
  };
  f.gradient = [](std::span<const double>) { return std::vector<double>{1, -2, 0.5}; };
  f.hessian = [](std::span<const double>, std::span<const double> vector) {
    return std::vector<double>(vector.begin(), vector.end());
  };
  return f;
}

}  // namespace

Verdict check_evaluations(const Subject& subject) {
  if (subject.minimizer() == nullptr) return skipped(kNoMinimizer);
  constexpr std::size_t kSteps = 20, kChanging = 6;
  const Path path = follow(subject, std::vector<double>(kSteps, 0));
  if (!path.problem.empty()) return failed(path.problem);
  // A constant that is another in each step, as with another batch, changes no direction. It does where a
  // value of this step is compared with one that was kept from the last.
  std::vector<double> offsets(kChanging);
  for (std::size_t i = 0; i < kChanging; ++i) offsets[i] = i % 2 == 0 ? 0 : (i % 4 == 1 ? 64 : -64);
  const Path changing = follow(subject, offsets);
  if (!changing.problem.empty()) return failed(changing.problem);
  for (std::size_t i = 0; i < kChanging; ++i) {
    constexpr double kTolerance = 1e-6;
    const std::string problem =
        difference({{"x", path.points[i]}}, {{"x", changing.points[i]}},
                   "a constant added to the function that is another in each step", kTolerance);
    if (!problem.empty())
      return failed("after step " + std::to_string(i) + " " + problem +
                    ": a value was kept from a step before");
  }
  return ok();
}

Verdict check_failed_search(const Subject& subject) {
  if (subject.minimizer() == nullptr) return skipped(kNoMinimizer);
  if (!subject.habits.evaluates) return skipped("it makes no line search");
  for (double elsewhere :
       {0.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    ProbeObjective objective(subject, dead_end(elsewhere));
    subject.minimizer()->step(objective.begin_step());
    const std::string where = std::isnan(elsewhere)   ? " where every other value is NaN"
                              : std::isinf(elsewhere) ? " where every other value is infinite"
                                                      : " where every other value is higher";
    const bool may_climb = !subject.habits.asks_for_gradients && std::isfinite(elsewhere);
    if (objective.position() != objective.function().start && !may_climb)
      return failed("x moves to " + describe(objective.position()) + where);
    if (subject.habits.asks_for_gradients && objective.stop_reason().empty())
      return failed("it goes on without a word" + where);
  }
  return ok();
}

}  // namespace talweg::conformance
