#include "optimizers/reference.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

namespace talweg {
namespace {

const std::string kRosenbrock = R"(
parameters: {x: [-1.2, 1.0]}
graph: {loss: "(1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2"}
)";

const std::string kNetwork = R"(
seed: 1
data: {X: [[0,0,1],[0,1,1],[1,0,1],[1,1,1]], y: [[0],[1],[1],[0]]}
parameters:
  synapse_0: {shape: [3, 4], init: 'uniform(-1, 1)'}
  synapse_1: {shape: [4, 1], init: 'uniform(-1, 1)'}
graph:
  layer: sigmoid(sigmoid(X @ synapse_0) @ synapse_1)
  loss: sum((layer - y) ** 2) / 2
)";

std::vector<ReferenceTrace> read_traces() {
  std::ifstream file(std::string(TALWEG_TESTS_DIR) + "/golden/optimizers.txt");
  std::vector<ReferenceTrace> traces;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    if (line.starts_with('>')) {
      ReferenceTrace trace;
      words.ignore(1);
      words >> trace.problem >> trace.name >> std::ws;
      std::getline(words, trace.setting);
      traces.push_back(std::move(trace));
    } else {
      ReferenceTrace::Line values{};
      words >> values.step;
      for (double value = 0; words >> value;) values.values.push_back(value);
      traces.back().lines.push_back(std::move(values));
    }
  }
  return traces;
}

/// Largest difference relative to the largest value expected.
double relative_difference(const std::vector<double>& values, const std::vector<double>& expected) {
  if (values.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!std::isfinite(values[i])) return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::abs(values[i] - expected[i]));
    size = std::max(size, std::abs(expected[i]));
  }
  return difference / size;
}

}  // namespace

const std::vector<ReferenceTrace>& reference_traces() {
  static const std::vector<ReferenceTrace> traces = read_traces();
  return traces;
}

std::vector<std::string> shipped_rules() {
  const auto is_of_weights = [](const std::string& need) { return need == "other weights for evaluation"; };
  std::vector<std::string> names;
  for (const ListedPlugin& plugin : list_plugins(PluginPath({installed_plugin_directory()})))
    if (plugin.description && plugin.description->kind == "update rule" &&
        std::ranges::all_of(plugin.description->needs, is_of_weights))
      names.push_back(plugin.description->name);
  return names;
}

std::string problem_text(const std::string& problem, const std::string& optimizer, const std::string& more,
                         const std::string& dtype) {
  return "talweg: 1\ndtype: " + dtype + (problem == "network" ? kNetwork : kRosenbrock) +
         "train: {minimize: loss, steps: 500, log: {every: 1, " +
         (problem == "network" ? "a: synapse_0, b: synapse_1" : "a: x") + "}, optimizer: " + optimizer +
         "}\n" + more;
}

std::vector<double> all_parameters(Trainer& trainer) {
  std::vector<double> all;
  for (const TensorDeclaration& parameter : trainer.model().parameters)
    for (double value : trainer.value(parameter.name).values) all.push_back(value);
  return all;
}

double distance(const ReferenceTrace& trace, const std::string& text, std::int64_t last_step) {
  return distance(trace, *make_trainer(text), last_step);
}

double distance(const ReferenceTrace& trace, Trainer& trainer, std::int64_t last_step) {
  Following following;
  try {
    following = train(trainer);
  } catch (const Error& error) {
    if (error.status() != Status::diverged) throw;
    return std::numeric_limits<double>::infinity();
  }
  double largest = 0;
  for (const ReferenceTrace::Line& line : trace.lines) {
    if (line.step > last_step) break;
    std::vector<double> values;
    const auto& shown = line.step < static_cast<std::int64_t>(following.lines.size())
                            ? following.lines[static_cast<std::size_t>(line.step)].values
                            : following.end.values;
    for (std::size_t i = 1; i < shown.size(); ++i)  // the first is the loss
      values.insert(values.end(), shown[i].values.begin(), shown[i].values.end());
    largest = std::max(largest, relative_difference(values, line.values));
  }
  return largest;
}

}  // namespace talweg
