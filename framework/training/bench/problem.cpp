#include "training/bench/problem.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <talweg/error.hpp>

#include "graph/substitute.hpp"
#include "support/random.hpp"

namespace talweg::bench {
namespace {

std::vector<double> uniform(LegacyGenerator& random, std::size_t size, double reach) {
  std::vector<double> numbers(size);
  for (double& number : numbers) number = random.uniform(-reach, reach);
  return numbers;
}

/// A rotation or reflection of n axes, by rows: normal numbers, made orthogonal (Gram and Schmidt).
std::vector<double> rotation(LegacyGenerator& random, std::size_t n) {
  std::vector<double> matrix(n * n);
  for (double& number : matrix) number = random.normal();
  for (std::size_t row = 0; row < n; ++row) {
    double* const a = &matrix[row * n];
    const auto dot = [n](const double* x, const double* y) {
      double sum = 0;
      for (std::size_t k = 0; k < n; ++k) sum += x[k] * y[k];
      return sum;
    };
    for (int pass = 0; pass < 2; ++pass)  // once more, as rounding leaves a little
      for (std::size_t before = 0; before < row; ++before) {
        const double* const b = &matrix[before * n];
        const double share = dot(a, b);
        for (std::size_t k = 0; k < n; ++k) a[k] -= share * b[k];
      }
    const double length = std::sqrt(dot(a, a));
    for (std::size_t k = 0; k < n; ++k) a[k] /= length;
  }
  return matrix;
}

Value add_data(CheckedModel& model, const std::string& name, std::vector<double> values, const Shape& shape) {
  Graph& graph = *model.graph;
  DataEntry entry;
  entry.name = name;
  entry.node = graph.add_leaf("data", name, shape, graph.floating()).id();
  entry.column = DataColumn::of(std::move(values), shape, graph.floating());
  model.data.push_back(std::move(entry));
  return graph.value(model.data.back().node);
}

/// Puts R (u - o) in the place of the parameter, which becomes u.
void transform(CheckedModel& model, int instance, const std::vector<double>& start,
               const std::vector<double>& optimum) {
  constexpr std::uint32_t kSeed = 1000;
  constexpr double kOtherStart = 0.1;
  const std::size_t n = start.size();
  double reach = 0;
  for (std::size_t i = 0; i < n; ++i) reach = std::max(reach, std::abs(start[i] - optimum[i]));
  LegacyGenerator random(kSeed + static_cast<std::uint32_t>(instance));
  const std::vector<double> r = rotation(random, n), o = uniform(random, n, reach),
                            other = uniform(random, n, kOtherStart * reach);
  std::vector<double> u = o;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < n; ++k) u[k] += r[i * n + k] * (start[i] + other[i]);

  Graph& graph = *model.graph;
  TensorDeclaration& parameter = model.parameters.front();
  parameter.initializer = {Initializer::Kind::array, 0, 0, std::move(u)};
  const auto size = static_cast<std::int64_t>(n);
  const Value matrix = add_data(model, "rotation", r, {size, size}),
              shift = add_data(model, "shift", o, {size});
  const Value x = sum(matrix * (graph.value(parameter.node) - shift), {1});
  const std::map<NodeId, Value> replacement = {{parameter.node, x}};
  model.train->minimize = substitute(graph.value(model.train->minimize), replacement).id();
  model.problem->measure = substitute(graph.value(model.problem->measure), replacement).id();
}

}  // namespace

Problem::Problem(std::filesystem::path file) : file_(std::move(file)), name_(file_.stem().string()) {
  const CheckedModel model = load_model(file_);
  if (!model.problem)
    throw Error(Status::model, file_.string() + ": a problem for `talweg bench` has a section 'problem:'");
  setting_ = *model.problem;
  steps_ = model.train->steps;
  const bool is_function = model.parameters.size() == 1 && !setting_.optimum.empty() &&
                           (*model.graph)[model.parameters[0].node].shape.rank() == 1;
  if (!is_function) return;
  const Initializer& initializer = model.parameters[0].initializer;
  start_ = initializer.values;
  if (initializer.kind == Initializer::Kind::constant)
    start_.assign(setting_.optimum.front().second.size(), initializer.first);
}

std::vector<Case> Problem::cases(std::size_t index) const {
  std::vector<Case> cases;
  const auto seeds = static_cast<std::uint32_t>(setting_.seeds);
  const std::uint32_t forms = has_instances() ? std::max<std::uint32_t>(seeds, kInstances) : seeds;
  for (std::uint32_t i = 0; i < forms; ++i)
    cases.push_back({index, has_instances() ? static_cast<int>(i % kInstances) + 1 : 0, 1 + i % seeds});
  return cases;
}

CheckedModel Problem::model(const Case& form, const Candidate& candidate, bool with_point) const {
  ModelOptions options;
  options.seed = form.seed;
  CheckedModel model = load_model(file_, options);
  if (form.instance > 0) transform(model, form.instance, start_, setting_.optimum.front().second);
  TrainSetting& train = *model.train;
  train.stop_gradient.reset();
  train.stop_loss.reset();
  train.groups.clear();
  train.report.clear();
  train.log = {{"measure", model.problem->measure, {}}};
  if (with_point) train.log.push_back({"point", model.parameters.front().node, {}});
  train.log_every = 1;
  train.optimizer = {candidate.name(), {}, train.optimizer.span};
  for (const auto& [name, value] : candidate.settings)
    train.optimizer.hyperparameters.push_back(
        {name, constant(*model.graph, value).id(), value, train.optimizer.span, train.optimizer.span});
  return model;
}

std::vector<Problem> read_problems(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(directory, problem))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (problem) throw Error(Status::model, directory.string() + " cannot be read: " + problem.message());
  std::ranges::sort(files);
  std::vector<Problem> problems;
  problems.reserve(files.size());
  for (std::filesystem::path& file : files) problems.emplace_back(std::move(file));
  return problems;
}

}  // namespace talweg::bench
