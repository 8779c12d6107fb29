#include "bench_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "support/json_object.hpp"
#include "support/numbers.hpp"
#include "support/table.hpp"

namespace talweg {
namespace {

using bench::Outcome;
using bench::Result;

constexpr double kQuartiles[] = {0.25, 0.5, 0.75};

std::vector<double> numbers_of(const std::vector<Outcome>& outcomes, double Outcome::*number) {
  std::vector<double> numbers;
  numbers.reserve(outcomes.size());
  for (const Outcome& outcome : outcomes) numbers.push_back(outcome.*number);
  return numbers;
}

/// A profile compares: that of one optimizer says nothing.
bool has_profiles(const BenchReport& report) { return report.results.size() > 1; }

/// Results by the area of their profile, the largest first.
std::vector<std::size_t> ranking(const BenchReport& report) {
  std::vector<std::size_t> order(report.results.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater<>(),
                           [&](std::size_t i) { return bench::area(report.profiles[i]); });
  return order;
}

}  // namespace

BenchReport make_report(const bench::Conditions& conditions, const bench::Experiment& experiment,
                        const std::vector<Result>& results) {
  BenchReport report{conditions, experiment, results, bench::weights(experiment), {}};
  bench::Outcomes outcomes;
  for (const Result& result : results) outcomes.push_back(result.outcomes);
  const std::vector<double> best = bench::fewest(outcomes);
  for (const Result& result : results)
    report.profiles.push_back(bench::profile(result.outcomes, best, report.weights));
  return report;
}

std::string shown_count(double number) {
  return number < bench::kMissed ? fmt::format("{:.0f}", number) : "-";
}

std::string shown_settings(const Result& result) {
  std::string text;
  for (const auto& [name, value] : result.settings)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, format_number(value));
  return text.empty() ? "defaults" : text;
}

BenchTable summary_table(const BenchReport& report) {
  const bool has_band = std::ranges::any_of(
      report.results, [](const Result& result) { return result.sensitivity.has_value(); });
  BenchTable rows = {
      {"optimizer", "profile", "solved", "1/4", "median", "3/4", "steps", "seconds", "setting"}};
  if (has_band) rows[0].emplace_back("band");
  for (std::size_t i : ranking(report)) {
    const Result& result = report.results[i];
    const auto quartile = [&](double Outcome::*number, double q) {
      return bench::quantile(numbers_of(result.outcomes, number), q);
    };
    const double solved = bench::share_solved(result.outcomes, report.weights);
    std::vector<std::string> row = {
        result.optimizer, has_profiles(report) ? fmt::format("{:.3f}", bench::area(report.profiles[i])) : "-",
        fmt::format("{:.0f} %", 100 * solved)};
    for (double q : kQuartiles) row.push_back(shown_count(quartile(&Outcome::evaluations, q)));
    row.push_back(shown_count(quartile(&Outcome::steps, 0.5)));
    const double seconds = quartile(&Outcome::seconds, 0.5);
    row.push_back(seconds < bench::kMissed ? fmt::format("{:.1e}", seconds) : "-");
    row.push_back(shown_settings(result));
    if (has_band) row.push_back(result.sensitivity ? fmt::format("{:.1f}", result.sensitivity->band) : "");
    rows.push_back(std::move(row));
  }
  return rows;
}

BenchTable problem_table(const BenchReport& report) {
  BenchTable rows = {{"problem"}};
  const std::vector<std::size_t> order = ranking(report);
  for (std::size_t i : order) rows[0].push_back(report.results[i].optimizer);
  for (std::size_t problem = 0; problem < report.experiment.problems.size(); ++problem) {
    std::vector<std::string> row = {report.experiment.problems[problem].name()};
    for (std::size_t i : order) {
      std::vector<double> numbers;
      for (std::size_t k = 0; k < report.experiment.cases.size(); ++k)
        if (report.experiment.cases[k].problem == problem)
          numbers.push_back(report.results[i].outcomes[k].evaluations);
      row.push_back(shown_count(bench::quantile(numbers, 0.5)));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string bench_text(const BenchReport& report) {
  const bench::Conditions& conditions = report.conditions;
  std::string text = count(static_cast<std::int64_t>(report.experiment.problems.size()), "problem") + " in " +
                     count(static_cast<std::int64_t>(report.experiment.cases.size()), "form") + ", " +
                     conditions.mode;
  if (conditions.trials > 1)
    text += ": the best of " + std::to_string(conditions.trials) + " settings for all";
  text += "\n" + conditions.processor + "; talweg " + conditions.build + "\n\n";
  text += format_table(summary_table(report), "lrrrrrrrlr") + "\n";
  text += has_profiles(report)
              ? "profile: mean share of problems solved with up to 4 times the evaluations of the best. 1/4, "
                "median, "
                "3/4:\n"
              : "profile: compares, and there is no other optimizer: name one, or give --with. 1/4, median, "
                "3/4:\n";
  text += "evaluations to the target. A miss (-) counts as infinity.\n\n";
  const bool is_anything_solved = std::ranges::any_of(report.results, [](const Result& result) {
    return std::ranges::any_of(result.outcomes, &Outcome::solved);
  });
  if (!is_anything_solved && conditions.mode == "defaults")
    text += "Nothing is solved: --mode tuned looks for better settings.\n\n";
  return text + "Evaluations, the median over the forms of a problem:\n\n" +
         format_table(problem_table(report), "l" + std::string(report.results.size(), 'r'));
}

std::string score_lines(const BenchReport& report) {
  std::string lines;
  for (std::size_t i : ranking(report)) {
    const Result& result = report.results[i];
    const std::vector<double> evaluations = numbers_of(result.outcomes, &Outcome::evaluations);
    JsonObject line;
    line.add("event", "score").add("optimizer", result.optimizer);
    line.add("profile", has_profiles(report) ? bench::area(report.profiles[i])
                                             : std::numeric_limits<double>::quiet_NaN());
    line.add("solved", bench::share_solved(result.outcomes, report.weights));
    line.add("lower_quartile", bench::quantile(evaluations, kQuartiles[0]));
    line.add("median", bench::quantile(evaluations, kQuartiles[1]));
    line.add("upper_quartile", bench::quantile(evaluations, kQuartiles[2]));
    line.add("median_steps", bench::quantile(numbers_of(result.outcomes, &Outcome::steps), 0.5));
    line.add("median_seconds", bench::quantile(numbers_of(result.outcomes, &Outcome::seconds), 0.5));
    if (result.sensitivity) line.add("band", result.sensitivity->band);
    lines += line.text() + "\n";
  }
  return lines;
}

}  // namespace talweg
