#include "training/split_totals.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "graph/op.hpp"
#include "graph/substitute.hpp"

namespace talweg {
namespace {

std::vector<NodeId> nodes_of_data(const CheckedModel& model) {
  std::vector<NodeId> nodes;
  for (const DataEntry& entry : model.data) nodes.push_back(entry.node);
  return nodes;
}

/// How the parts of two batches become one; `none` is what no batch gives.
struct Combination {
  std::string_view op;
  double none;
  double (*join)(double, double);
};

double join_extremes(double a, double b, bool largest) {
  if (a != a || b != b) return std::numeric_limits<double>::quiet_NaN();
  return largest ? std::max(a, b) : std::min(a, b);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Combination kCombinations[] = {
    {"sum", 0, [](double a, double b) { return a + b; }},
    {"prod", 1, [](double a, double b) { return a * b; }},
    {"max", -kInfinity, [](double a, double b) { return join_extremes(a, b, true); }},
    {"min", kInfinity, [](double a, double b) { return join_extremes(a, b, false); }}};
/// Of a leaf, which is the same in every batch.
constexpr Combination kSame = {"", 0, [](double /*before*/, double now) { return now; }};

const Combination& combination(const Node& node) {
  const auto found = std::ranges::find(kCombinations, node.op->name, &Combination::op);
  return found == std::end(kCombinations) ? kSame : *found;
}

/// Sizes and types follow from the number of examples and the floating type, which shapes are compared for.
bool follows_from_shape(std::string_view attribute) {
  return attribute == "shape" || attribute == "sizes" || attribute == "dtype";
}

bool same_attributes(const Attributes& a, const Attributes& b) {
  Attributes one, other;
  for (const auto& [name, value] : a.entries())
    if (!follows_from_shape(name)) one.set(name, value);
  for (const auto& [name, value] : b.entries())
    if (!follows_from_shape(name)) other.set(name, value);
  return one == other;
}

}  // namespace

SplitTotals::SplitTotals(const CheckedModel& model, std::int64_t examples)
    : model_(instantiate(model, Mode::evaluation, examples, DType::float64)),
      examples_(examples),
      axes_(example_axes(*model_.graph, nodes_of_data(model_), examples)) {}

std::vector<NodeId> SplitTotals::measures_of(const CheckedModel& model) {
  std::vector<NodeId> nodes;
  if (model.train) nodes.push_back(model.train->minimize);
  for (const NamedExpression& metric : model.metrics) nodes.push_back(metric.value);
  return nodes;
}

bool SplitTotals::add(std::size_t measure, std::span<const CheckedModel* const> instances) {
  const NodeId root = measures_of(model_)[measure];
  std::vector<Pairs> cuts;
  for (const CheckedModel* instance : instances) {
    std::optional<Pairs> pairs =
        cut(root, *instance->graph, measures_of(*instance)[measure], *instance->options.rows);
    if (!pairs) return false;
    cuts.push_back(*std::move(pairs));
  }
  for (std::size_t i = 0; i < cuts[0].size(); ++i) {
    const NodeId id = cuts[0][i].first;
    if (std::ranges::find(parts_, id, &Part::whole) != parts_.end()) continue;
    Part part{id, {}, (*model_.graph)[id].shape.elements(), 0};
    for (const Pairs& pairs : cuts) part.instance.push_back(pairs[i].second);
    parts_.push_back(std::move(part));
  }
  measures_.push_back(root);
  return true;
}

bool SplitTotals::is_part(NodeId id) const {
  const Node& node = (*model_.graph)[id];
  return node.op->leaf || is_total(*model_.graph, axes_, id);
}

std::optional<SplitTotals::Pairs> SplitTotals::cut(NodeId root, const Graph& graph, NodeId instance_root,
                                                   std::int64_t rows) const {
  Pairs parts, open = {{root, instance_root}};
  std::map<NodeId, NodeId> seen(open.begin(), open.end());
  while (!open.empty()) {
    const auto [id, instance] = open.back();
    open.pop_back();
    const Node &node = (*model_.graph)[id], &same = graph[instance];
    if (axes_[id].kind == ExampleAxis::Kind::each || node.op != same.op ||
        node.inputs.size() != same.inputs.size() || !(node.shape == same.shape))
      return std::nullopt;
    if (is_part(id)) {
      if (!node.op->leaf && !agree(node.inputs[0], graph, same.inputs[0], rows)) return std::nullopt;
      parts.emplace_back(id, instance);
      continue;
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto [at, is_new] = seen.emplace(node.inputs[i], same.inputs[i]);
      if (at->second != same.inputs[i]) return std::nullopt;
      if (is_new) open.push_back(*at);
    }
  }
  return parts;
}

/// Is what belongs to each example the same in a batch?
bool SplitTotals::agree(NodeId root, const Graph& graph, NodeId instance_root, std::int64_t rows) const {
  Pairs open = {{root, instance_root}};
  std::map<NodeId, NodeId> seen(open.begin(), open.end());
  while (!open.empty()) {
    const auto [id, instance] = open.back();
    open.pop_back();
    const Node &node = (*model_.graph)[id], &same = graph[instance];
    if (node.op != same.op || node.inputs.size() != same.inputs.size() ||
        !same_attributes(node.attributes, same.attributes))
      return false;
    Shape due = node.shape;
    if (axes_[id].kind == ExampleAxis::Kind::each)
      due[axes_[id].axis] = due[axes_[id].axis] / examples_ * rows;
    if (!(due == same.shape) && node.op->name != "constant") return false;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto [at, is_new] = seen.emplace(node.inputs[i], same.inputs[i]);
      if (at->second != same.inputs[i]) return false;
      if (is_new) open.push_back(*at);
    }
  }
  return true;
}

std::vector<NodeId> SplitTotals::parts(std::size_t instance) const {
  std::vector<NodeId> nodes;
  for (const Part& part : parts_) nodes.push_back(part.instance[instance]);
  return nodes;
}

void SplitTotals::compile() {
  Graph& graph = *model_.graph;
  std::int64_t elements = 0;
  for (Part& part : parts_) {
    part.first = elements;
    elements += TensorMemory::padded(part.elements);
  }
  memory_.emplace(DType::float64, elements);
  Task task;
  std::map<NodeId, Value> leaves;
  for (const Part& part : parts_) {
    NodeId leaf = part.whole;
    if (!graph[part.whole].op->leaf) {
      const Value given = graph.add_leaf("data", "", graph[part.whole].shape, graph[part.whole].dtype);
      leaves.emplace(part.whole, given);
      leaf = given.id();
    }
    task.bindings.push_back({leaf, memory_->at(part.first)});
  }
  for (NodeId& measure : measures_) {
    measure = substitute(graph.value(measure), leaves).id();
    task.fetches.push_back(measure);
  }
  program_ = compile_program(graph, task);
}

void SplitTotals::begin() {
  for (const Part& part : parts_) {
    const std::vector<double> none(static_cast<std::size_t>(part.elements),
                                   combination((*model_.graph)[part.whole]).none);
    memory_->write(part.first, none);
  }
}

void SplitTotals::take(std::size_t instance, const Executor& program, DType floating) {
  for (const Part& part : parts_) {
    const Combination& combine = combination((*model_.graph)[part.whole]);
    const std::vector<double> now =
        to_doubles(program.value(part.instance[instance]), floating, part.elements);
    auto* so_far = static_cast<double*>(memory_->at(part.first));
    for (std::size_t i = 0; i < now.size(); ++i) so_far[i] = combine.join(so_far[i], now[i]);
  }
}

std::vector<double> SplitTotals::result() {
  program_->run();
  std::vector<double> values;
  for (NodeId measure : measures_) values.push_back(*static_cast<const double*>(program_->value(measure)));
  return values;
}

}  // namespace talweg
