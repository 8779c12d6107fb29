// Training steps and compilation at growing sizes.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <talweg/talweg.hpp>

#include "bench/families.hpp"
#include "bench/growth.hpp"
#include "graph/gradients.hpp"
#include "graph/value.hpp"
#include "program/executor.hpp"
#include "support/file.hpp"

namespace talweg::speed {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

constexpr const char* kNetwork =
    "talweg: 1\n"
    "dtype: float32\n"
    "let: {batch: 16, width: 16, depth: 2, between: 1}\n"
    "state: {X: {shape: [batch, width], init: 'uniform(-1, 1)'}}\n"
    "graph:\n"
    "  h: repeat(dense, X, times=depth, units=width, activation=relu)\n"
    "  loss: mean(h ** 2)\n"
    "train: {minimize: loss, optimizer: {gd: {alpha: 1e-6}}, steps: 1, log: {every: between}}\n";
constexpr const char* kParameters =
    "talweg: 1\n"
    "dtype: float32\n"
    "let: {count: 10, between: 1}\n"
    "parameters: {x: {shape: [count], init: 'uniform(-1, 1)'}}\n"
    "graph: {loss: sum(x * x)}\n"
    "train: {minimize: loss, optimizer: {adam: {alpha: 1e-6}}, steps: 1, log: {every: between}}\n";

using Sizes = std::vector<std::pair<std::string, std::string>>;

/// Seconds of a step, the best interval between log lines so many steps apart.
double seconds_of_intervals(const char* text, Sizes sizes, int between, int threads) {
  constexpr int kIntervals = 4;
  sizes.emplace_back("between", std::to_string(between));
  LoadOptions options;
  options.set = std::move(sizes);
  options.steps = between * kIntervals + 1;
  options.threads = threads;
  double best = std::numeric_limits<double>::infinity();
  Clock::time_point before;
  TrainingCallbacks callbacks;
  callbacks.log = [&](const TrainingLog& log) {
    if (log.step > between && log.step % between == 0) best = std::min(best, seconds_since(before) / between);
    before = Clock::now();
  };
  Model::from_text(text, options, "growth").train(callbacks);
  return best;
}

double seconds_of_step(const char* text, const Sizes& sizes, const Settings& settings) {
  constexpr int kFewSteps = 3, kManySteps = 20'000;
  constexpr double kSecondsOfInterval = 0.02;
  const double estimate = seconds_of_intervals(text, sizes, kFewSteps, settings.threads);
  const int between = static_cast<int>(std::min<double>(kSecondsOfInterval / estimate, kManySteps));
  if (settings.quick || between <= kFewSteps) return estimate;
  return seconds_of_intervals(text, sizes, between, settings.threads);
}

/// `fixed` are the sizes that stay.
Series steps(const std::string& name, const char* text, const std::string& growing, double expected,
             const Sizes& fixed, std::vector<int> sizes, const Settings& settings) {
  if (settings.quick) sizes.resize(2);
  Series series{name, growing, expected, {}};
  for (int size : sizes) {
    Sizes all = fixed;
    all.emplace_back(growing, std::to_string(size));
    series.points.push_back({static_cast<double>(size), seconds_of_step(text, all, settings)});
  }
  return series;
}

/// The compilation of a training step of so many layers that its graph has about `nodes` nodes.
Series::Point compilation(int nodes) {
  constexpr std::int64_t kWidth = 4;
  Graph graph(DType::float32);
  std::vector<Value> weights;
  Value h = graph.add_leaf("data", "x", {kWidth, kWidth}, DType::float32);
  constexpr int kNodesOfLayer = 12, kNodesBeside = 8;
  for (int layer = 0; layer < std::max(1, (nodes - kNodesBeside) / kNodesOfLayer); ++layer) {
    weights.push_back(graph.add_leaf("parameter", "w", {kWidth, kWidth}, DType::float32));
    h = apply("tanh", matmul(h, weights.back()));
  }
  const std::vector<Value> by_weights = gradients(sum_all(h), weights);
  std::vector<float> memory(static_cast<std::size_t>(kWidth * kWidth) * (weights.size() + 1));
  Task task{{{0, memory.data()}}, {}, {}};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    float* const place = memory.data() + (i + 1) * static_cast<std::size_t>(kWidth * kWidth);
    task.bindings.push_back({weights[i].id(), place});
    task.assignments.push_back({(weights[i] - by_weights[i] * 0.1).id(), place});
  }
  constexpr int kTimes = 3;
  double best = std::numeric_limits<double>::infinity();
  // What takes long is measured once.
  for (int time = 0; time < kTimes && (time == 0 || best < 1); ++time) {
    const Clock::time_point begin = Clock::now();
    const auto program = compile_program(graph, task);
    best = std::min(best, seconds_since(begin));
  }
  return {static_cast<double>(graph.size()), best};
}

Series compilations(const Settings& settings) {
  std::vector<int> sizes = {10, 100, 300, 1000, 3000, 10'000, 30'000};
  if (settings.quick) sizes.resize(2);
  Series series{"compilation", "nodes", 1, {}};
  for (int nodes : sizes) series.points.push_back(compilation(nodes));
  return series;
}

}  // namespace

Rows growth_rows(const Settings& settings) {
  const std::vector<Series> all = {
      steps("step by width", kNetwork, "width", 2, {{"batch", "32"}},
            {4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096}, settings),
      steps("step by depth", kNetwork, "depth", 1, {}, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024},
            settings),
      steps("step by batch", kNetwork, "batch", 1, {{"width", "64"}},
            {4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096}, settings),
      steps("step by parameters (adam)", kParameters, "count", 1, {},
            {10'000, 30'000, 100'000, 300'000, 1'000'000, 3'000'000, 10'000'000}, settings),
      compilations(settings)};
  std::fputs(to_table(all).c_str(), settings.json ? stderr : stdout);
  if (settings.svg) write_whole_file(*settings.svg, to_svg(all));

  Rows rows;
  for (const Series& series : all)
    rows.push_back({"growth: " + series.name + ", last decade's exponent",
                    "the expected one",
                    Unit::number,
                    last_exponent(series),
                    series.expected,
                    {},
                    ""});
  const auto& nodes = all.back().points;
  constexpr double kNodes = 10'000;
  const auto near = std::ranges::min_element(nodes, {}, [](const Series::Point& point) {
    return std::max(point.size / kNodes, kNodes / point.size);
  });
  rows.push_back({"compilation of 10,000 nodes",
                  "",
                  Unit::seconds,
                  near->seconds,
                  std::nullopt,
                  {Bar::Kind::under, 0.3},
                  ""});
  return rows;
}

}  // namespace talweg::speed
