#include "sweep_tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include "support/numbers.hpp"
#include "support/table.hpp"
#include "tensor_text.hpp"

namespace talweg {
namespace {

using Row = std::vector<std::string>;

/// Columns of steps that a table can have besides the settings.
constexpr std::size_t kMaximumSteps = 7;

double loss_of(const EndRecord& end) { return end.values.empty() ? 0 : end.values.front().values.front(); }

bool has_restarts(const std::vector<SweepRun>& runs) {
  return runs.size() > 1 && runs[0].settings == runs[1].settings;
}

Row setting_names(const std::vector<SweepRun>& runs) {
  Row names;
  for (const auto& [name, value] : runs.front().settings) names.push_back(name);
  return names;
}

Row setting_values(const SweepRun& run) {
  Row values;
  for (const auto& [name, value] : run.settings) values.push_back(value);
  return values;
}

void append(Row& row, const Row& more) { row.insert(row.end(), more.begin(), more.end()); }

const NamedTensor* find(const std::vector<NamedTensor>& values, const std::string& name) {
  const auto found = std::ranges::find(values, name, &NamedTensor::name);
  return found == values.end() ? nullptr : &*found;
}

/// The steps at which runs have log lines: all, or some of them at even distances.
std::vector<std::int64_t> shown_steps(const std::vector<SweepOutcome>& outcomes) {
  std::set<std::int64_t> all;
  for (const SweepOutcome& outcome : outcomes)
    for (const LogRecord& log : outcome.log) all.insert(log.step);
  std::vector<std::int64_t> steps(all.begin(), all.end());
  if (steps.size() <= kMaximumSteps) return steps;
  std::vector<std::int64_t> some;
  for (std::size_t i = 0; i < kMaximumSteps; ++i)
    some.push_back(steps[i * (steps.size() - 1) / (kMaximumSteps - 1)]);
  return some;
}

std::string value_at(const SweepOutcome& outcome, std::int64_t step, const std::string& name) {
  const auto log = std::ranges::find(outcome.log, step, &LogRecord::step);
  const NamedTensor* value = log == outcome.log.end() ? nullptr : find(log->values, name);
  return value == nullptr ? "" : format_inline(*value);
}

/// How one logged value went: a line a run, a column a step.
std::string course_table(const std::vector<SweepRun>& runs, const std::vector<SweepOutcome>& outcomes,
                         const std::string& name) {
  const std::vector<std::int64_t> steps = shown_steps(outcomes);
  const bool restarts = has_restarts(runs);
  Row heading = setting_names(runs);
  if (restarts) heading.emplace_back("seed");
  for (std::int64_t step : steps)
    heading.push_back((step == steps.front() ? "step " : "") + std::to_string(step));
  std::vector<Row> rows = {heading};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Row row = setting_values(runs[i]);
    if (restarts) row.push_back(std::to_string(runs[i].seed));
    for (std::int64_t step : steps) row.push_back(value_at(outcomes[i], step, name));
    rows.push_back(std::move(row));
  }
  return name + "\n" + format_table(rows, "", "  ") + "\n";
}

std::vector<std::string> logged_names(const std::vector<SweepOutcome>& outcomes) {
  for (const SweepOutcome& outcome : outcomes)
    if (!outcome.log.empty()) {
      std::vector<std::string> names;
      for (const NamedTensor& value : outcome.log.front().values) names.push_back(value.name);
      return names;
    }
  return {};
}

std::string seconds_text(double seconds) {
  char text[32];
  static_cast<void>(std::snprintf(text, sizeof text, "%.3f", seconds));
  return text;
}

/// How each run ended.
std::string end_table(const std::vector<SweepRun>& runs, const std::vector<SweepOutcome>& outcomes) {
  const std::vector<std::string> names = logged_names(outcomes);
  const std::optional<std::size_t> best = best_run(outcomes);
  Row heading = {"", "run"};
  append(heading, setting_names(runs));
  append(heading, {"seed", "steps"});
  append(heading, names);
  append(heading, {"seconds", "ended by"});
  std::vector<Row> rows = {heading};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    Row row = {best == i ? "*" : "", std::to_string(i)};
    append(row, setting_values(runs[i]));
    row.push_back(std::to_string(runs[i].seed));
    if (const std::optional<EndRecord>& end = outcomes[i].end) {
      row.push_back(std::to_string(end->steps));
      for (const std::string& name : names) {
        const NamedTensor* value = find(end->values, name);
        row.push_back(value == nullptr ? "" : format_inline(*value));
      }
      append(row, {seconds_text(end->seconds), std::string(to_string(end->reason))});
    } else {
      row.resize(heading.size() - 1);
      row.push_back(outcomes[i].problem.value_or("diverged"));
    }
    rows.push_back(std::move(row));
  }
  return format_table(rows) + (best ? "* the smallest loss\n" : "No run came to an end.\n");
}

/// The best and the median loss of each combination over its restarts.
std::string restart_table(const std::vector<SweepRun>& runs, const std::vector<SweepOutcome>& outcomes) {
  Row heading = setting_names(runs);
  append(heading, {"runs", "diverged", "best loss", "of seed", "median loss"});
  std::vector<Row> rows = {heading};
  for (std::size_t first = 0; first < outcomes.size();) {
    std::size_t end = first;
    std::vector<std::pair<double, std::uint32_t>> losses;
    for (; end < outcomes.size() && runs[end].settings == runs[first].settings; ++end)
      if (outcomes[end].end) losses.emplace_back(loss_of(*outcomes[end].end), runs[end].seed);
    std::ranges::sort(losses);
    Row row = setting_values(runs[first]);
    append(row, {std::to_string(end - first), std::to_string(end - first - losses.size())});
    if (!losses.empty()) {
      const std::size_t middle = losses.size() / 2;
      const double median = losses.size() % 2 == 1 ? losses[middle].first
                                                   : (losses[middle - 1].first + losses[middle].first) / 2;
      append(row, {format_element(losses.front().first), std::to_string(losses.front().second),
                   format_element(median)});
    }
    rows.push_back(std::move(row));
    first = end;
  }
  return "\n" + format_table(rows);
}

}  // namespace

std::optional<std::size_t> best_run(const std::vector<SweepOutcome>& outcomes) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    if (outcomes[i].end && (!best || loss_of(*outcomes[i].end) < loss_of(*outcomes[*best].end))) best = i;
  return best;
}

std::string sweep_tables(const std::vector<SweepRun>& runs, const std::vector<SweepOutcome>& outcomes) {
  std::string text;
  for (const std::string& name : logged_names(outcomes))
    if (name != "loss") text += course_table(runs, outcomes, name);
  text += end_table(runs, outcomes);
  if (has_restarts(runs)) text += restart_table(runs, outcomes);
  return text;
}

}  // namespace talweg
