#include "bench_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contours.hpp"
#include "svg.hpp"

namespace talweg {
namespace {

using bench::Result;

// Colours that differ for most eyes (Okabe and Ito 2008), then dashes.
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                   "#e69f00", "#56b4e9", "#7f7f7f"};
constexpr const char* kDashes[] = {"none", "6 3", "2 3", "8 3 2 3"};

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #ffffff; --faint: #8886; --level: #88888888; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #161616; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
       max-width: 70rem; padding: 0 1rem; }
h1, h2 { font-weight: 600; } h2 { margin-top: 2.5rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; }
td:first-child, th:first-child { text-align: left; }
figure { display: inline-block; margin: .5rem 1rem .5rem 0; vertical-align: top; }
figcaption { font-weight: 600; }
svg { max-width: 100%; height: auto; }
path { fill: none; } .rule { stroke: var(--faint); stroke-width: .5; } .level { stroke: var(--level); stroke-width: 1; }
text { fill: var(--ink); font-size: 12px; } .label { font-size: 13px; }
.optimum { fill: none; stroke: var(--ink); stroke-width: 2; } .start { fill: var(--ink); }
.legend { padding: 0; } .legend li { display: inline-block; margin-right: 1.2rem; }
.legend svg { width: 34px; height: 10px; vertical-align: middle; margin-right: .4rem; }
.curve { stroke-width: 2; stroke-linejoin: round; }
)";

std::string style_of(std::size_t index) { return "curve o" + std::to_string(index); }

std::string styles(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += fmt::format(".o{} {{ stroke: {}; stroke-dasharray: {}; }}\n", i, kColors[i % std::size(kColors)],
                        kDashes[i / std::size(kColors) % std::size(kDashes)]);
  return text;
}

std::string legend(const BenchReport& report) {
  std::string text = "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < report.results.size(); ++i)
    text += "<li><svg viewBox=\"0 0 34 10\"><path class=\"" + style_of(i) +
            "\" d=\"M0 5L34 5\"></path></svg>" + escaped(report.results[i].optimizer) + "</li>\n";
  return text + "</ul>\n";
}

std::string table(const BenchTable& rows) {
  std::string text = "<table>\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string cell = i == 0 ? "th" : "td";
    text += "<tr>";
    for (const std::string& entry : rows[i]) text += fmt::format("<{0}>{1}</{0}>", cell, escaped(entry));
    text += "</tr>\n";
  }
  return text + "</table>\n";
}

std::string profiles(const BenchReport& report) {
  Plot plot("Share of problems solved", {"times the evaluations of the best", 1, bench::kTau, false, 6},
            {"share of problems", 0, 1, false, 5}, 640, 380);
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    Plot::Points points = {{1, 0}};
    for (const auto& [tau, share] : report.profiles[i]) {
      points.emplace_back(tau, points.back().second);
      points.emplace_back(tau, share);
    }
    points.emplace_back(std::max(bench::kTau, points.back().first), points.back().second);
    plot.add_line(points, style_of(i), report.results[i].optimizer);
  }
  return plot.text();
}

std::string sensitivities(const BenchReport& report) {
  double low = 0, high = 0;
  for (const Result& result : report.results)
    if (result.sensitivity) {
      low = std::min(low, std::log10(result.sensitivity->alphas.front()));
      high = std::max(high, std::log10(result.sensitivity->alphas.back()));
    }
  if (low == high) return "<p>With --mode grid this is a plot of the score by step size.</p>\n";
  const int decades = static_cast<int>(std::lround(high - low));
  Plot plot("Score by step size", {"alpha", std::round(low), std::round(low) + decades, true, decades},
            {"area under the profile", 0, 1, false, 5}, 640, 380);
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& sensitivity = report.results[i].sensitivity;
    if (!sensitivity) continue;
    Plot::Points points;
    for (std::size_t k = 0; k < sensitivity->alphas.size(); ++k)
      points.emplace_back(std::log10(sensitivity->alphas[k]), sensitivity->scores[k]);
    plot.add_line(points, style_of(i), report.results[i].optimizer);
    plot.add_dot(
        points[sensitivity->best].first, points[sensitivity->best].second, "curve o" + std::to_string(i),
        report.results[i].optimizer + ": band of " + fmt::format("{:.1f}", sensitivity->band) + " decades");
  }
  return plot.text();
}

/// Contours of a function, evenly spaced in the logarithm of its height above the optimum.
void add_contours(Plot& plot, const bench::Problem& problem) {
  constexpr std::size_t kCells = 90;
  constexpr int kLevels = 14;
  constexpr double kDecades = 5;
  Plane plane{kCells, bench::heights_of(problem, kCells)};
  const double highest = *std::ranges::max_element(plane.values);
  const std::vector<double>& box = problem.setting().box;
  const auto cell = [&](const PlanePoint& point) {
    return std::pair(box[0] + (box[1] - box[0]) * point.first / kCells,
                     box[2] + (box[3] - box[2]) * point.second / kCells);
  };
  for (int level = 0; level < kLevels; ++level) {
    Plot::Points points;
    for (const auto& [a, b] : contour(plane, highest * std::pow(10, -kDecades * (level + 0.5) / kLevels))) {
      points.push_back(cell(a));
      points.push_back(cell(b));
    }
    plot.add_pieces(points, "level");
  }
}

/// At most so many points of a path are drawn: all of the first, and fewer and fewer of the rest.
Plot::Points thinned(const std::vector<double>& path) {
  constexpr double kGrowth = 1.02;
  Plot::Points points;
  double next = 0;
  for (std::size_t i = 0; 2 * i + 1 < path.size(); ++i) {
    if (static_cast<double>(i) < next && 2 * i + 3 < path.size()) continue;
    points.emplace_back(path[2 * i], path[2 * i + 1]);
    next = std::max(static_cast<double>(i + 1), next * kGrowth);
  }
  return points;
}

std::string paths(const BenchReport& report) {
  std::string text;
  for (std::size_t p = 0; p < report.experiment.problems.size(); ++p) {
    const bench::Problem& problem = report.experiment.problems[p];
    if (!problem.is_plane()) continue;
    const std::vector<double>& box = problem.setting().box;
    Plot plot(problem.name(), {"x[0]", box[0], box[1], false, 4}, {"x[1]", box[2], box[3], false, 4}, 360,
              330);
    add_contours(plot, problem);
    const std::vector<double>& optimum = problem.setting().optimum.front().second;
    plot.add_dot(optimum[0], optimum[1], "optimum", "optimum");
    for (std::size_t i = 0; i < report.results.size(); ++i) {
      const Result& result = report.results[i];
      if (p >= result.paths.size() || result.paths[p].empty()) continue;
      plot.add_line(thinned(result.paths[p]), style_of(i), result.optimizer);
      plot.add_dot(result.paths[p][0], result.paths[p][1], "start", "start");
    }
    text += plot.text();
  }
  return text.empty() ? "<p>There is no function of two variables among the problems.</p>\n" : text;
}

}  // namespace

std::string bench_page(const BenchReport& report) {
  const bench::Conditions& conditions = report.conditions;
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>talweg bench</title>\n<style>" +
      std::string(kStyle) + styles(report.results.size()) +
      "</style>\n</head>\n<body>\n<h1>Optimizers compared</h1>\n";
  text += fmt::format("<p>{} problems in {} forms; one setting for all of them: {}",
                      report.experiment.problems.size(), report.experiment.cases.size(), conditions.mode);
  if (conditions.trials > 1) text += fmt::format(", the best of {}", conditions.trials);
  text += ".<br>" + escaped(conditions.processor) + "; talweg " + escaped(conditions.build) + "</p>\n";
  text += legend(report);
  text += "<h2>Evaluations to the target</h2>\n" + table(summary_table(report));
  text +=
      "<p>profile: the mean share of problems that are solved with up to 4 times the evaluations of the "
      "best. "
      "1/4, median, 3/4: evaluations of the objective until the target is reached; a miss (-) counts as "
      "infinity.</p>\n";
  text += "<h2>Performance profile</h2>\n" + profiles(report);
  text += "<h2>Sensitivity to the step size</h2>\n" + sensitivities(report);
  text +=
      "<h2>Paths</h2>\n<p>From the dot to the ring, with the setting above. Contours are evenly spaced in "
      "the "
      "logarithm of the height.</p>\n" +
      paths(report);
  text += "<h2>By problem</h2>\n<p>Evaluations, the median over the forms of a problem.</p>\n" +
          table(problem_table(report));
  return text + "</body>\n</html>\n";
}

}  // namespace talweg
