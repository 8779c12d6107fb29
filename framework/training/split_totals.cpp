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

/// Does the node combine over the examples what belongs to each of them?
bool is_total(const Graph& graph, const std::vector<ExampleAxis>& axes, NodeId id) {
  const Node& node = graph[id];
  if (&combination(node) == &kSame) return false;
  const ExampleAxis axis = axes[node.inputs[0]];
  const Integers& reduced = node.attributes.integers("axes");
  return axis.kind == ExampleAxis::Kind::each && std::ranges::find(reduced, axis.axis) != reduced.end();
}

/// What a walk does behind a pair of nodes.
enum class Walk : std::uint8_t { on, no_further, nowhere };

using Pair = std::pair<NodeId, NodeId>;

/// Walks two graphs from their roots towards the leaves as long as they have the same ops, each pair of nodes
/// once. False where they differ, or `visit` says `nowhere`.
template <class Visit>
bool walk_together(const Graph& one, const Graph& other, Pair roots, Visit visit) {
  std::vector<Pair> open = {roots};
  std::map<NodeId, NodeId> seen = {roots};
  while (!open.empty()) {
    const auto [id, same] = open.back();
    open.pop_back();
    const Node &node = one[id], &counterpart = other[same];
    if (node.op != counterpart.op || node.inputs.size() != counterpart.inputs.size()) return false;
    const Walk walk = visit(id, same);
    if (walk == Walk::nowhere) return false;
    if (walk == Walk::no_further) continue;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const auto [at, is_new] = seen.emplace(node.inputs[i], counterpart.inputs[i]);
      if (at->second != counterpart.inputs[i]) return false;
      if (is_new) open.push_back(*at);
    }
  }
  return true;
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

std::optional<SplitTotals::Pairs> SplitTotals::cut(NodeId root, const Graph& graph, NodeId instance_root,
                                                   std::int64_t rows) const {
  Pairs parts;
  const bool found = walk_together(*model_.graph, graph, {root, instance_root}, [&](NodeId id, NodeId same) {
    const Node& node = (*model_.graph)[id];
    if (axes_[id].kind == ExampleAxis::Kind::each || !(node.shape == graph[same].shape)) return Walk::nowhere;
    const bool total = is_total(*model_.graph, axes_, id);
    if (total && !agree(node.inputs[0], graph, graph[same].inputs[0], rows)) return Walk::nowhere;
    if (!total && !node.op->leaf) return Walk::on;
    parts.emplace_back(id, same);
    return Walk::no_further;
  });
  return found ? std::optional(std::move(parts)) : std::nullopt;
}

/// Is what belongs to each example the same in a batch?
bool SplitTotals::agree(NodeId root, const Graph& graph, NodeId instance_root, std::int64_t rows) const {
  return walk_together(*model_.graph, graph, {root, instance_root}, [&](NodeId id, NodeId same) {
    const Node &node = (*model_.graph)[id], &counterpart = graph[same];
    Shape due = node.shape;
    if (axes_[id].kind == ExampleAxis::Kind::each)
      due[axes_[id].axis] = due[axes_[id].axis] / examples_ * rows;
    const bool fits = due == counterpart.shape || node.op->name == "constant";
    return fits && same_attributes(node.attributes, counterpart.attributes) ? Walk::on : Walk::nowhere;
  });
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
