#pragma once

#include <string>
#include <vector>

#include "training/bench/results.hpp"

namespace talweg {

/// A comparison of optimizers: what the tables and the page show.
struct BenchReport {
  const bench::Conditions& conditions;
  const bench::Experiment& experiment;
  const std::vector<bench::Result>& results;  ///< at least one
  std::vector<double> weights;                ///< by case
  std::vector<bench::Profile> profiles;       ///< by result, against the best of all
};
[[nodiscard]] BenchReport make_report(const bench::Conditions& conditions,
                                      const bench::Experiment& experiment,
                                      const std::vector<bench::Result>& results);

/// "120", or "-" for a miss.
[[nodiscard]] std::string shown_count(double number);
/// "alpha 0.01, mu 0.9", or "defaults".
[[nodiscard]] std::string shown_settings(const bench::Result& result);

// Tables as rows of cells, a heading first.
using BenchTable = std::vector<std::vector<std::string>>;
/// A row an optimizer, the best first.
[[nodiscard]] BenchTable summary_table(const BenchReport& report);
/// A row a problem: the median of the evaluations of each optimizer.
[[nodiscard]] BenchTable problem_table(const BenchReport& report);

/// Both tables, and what their numbers mean.
[[nodiscard]] std::string bench_text(const BenchReport& report);
/// {"event":"score",...}, a line an optimizer.
[[nodiscard]] std::string score_lines(const BenchReport& report);

}  // namespace talweg
