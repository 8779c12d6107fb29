#include "training/minimization.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "graph/op.hpp"
#include "program/needed_nodes.hpp"
#include "support/numbers.hpp"
#include "support/random.hpp"
#include "training/divergence.hpp"

namespace talweg {
namespace {

/// In place of a node: the draws of a minimizer differ from those of every node.
constexpr std::uint32_t kDrawsOfMinimizer = 0xFFFFFFFFU;

std::int64_t elements_of(const Graph& graph, NodeId node) { return graph[node].shape.elements(); }

std::int64_t elements_of(const Graph& graph, const std::vector<NodeId>& nodes) {
  std::int64_t elements = 0;
  for (NodeId node : nodes) elements += elements_of(graph, node);
  return elements;
}

/// Each node's value to its place in `memory`, end to end.
std::vector<Assignment> end_to_end(const Graph& graph, const std::vector<NodeId>& nodes,
                                   TensorMemory& memory) {
  std::vector<Assignment> assignments;
  std::int64_t first = 0;
  for (NodeId node : nodes) {
    assignments.push_back({node, memory.at(first)});
    first += elements_of(graph, node);
  }
  return assignments;
}

/// Does what is minimized depend on the number of the step, on its batch, or on a state, which another step
/// gives another value?
bool depends_on_step(const TrainingState& state) {
  if (state.batches) return true;
  const Graph& graph = *state.model().graph;
  const std::vector<NodeId> needed =
      needed_nodes(graph, {state.main.leaves.bindings, {}, {state.model().train->minimize}});
  return std::ranges::any_of(needed, [&](NodeId node) {
    const std::string& op = graph[node].op->name;
    return op == "scalar" || op == "state";
  });
}

bool all_finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

std::vector<NodeId> values_of(const std::vector<Assignment>& assignments) {
  std::vector<NodeId> nodes;
  nodes.reserve(assignments.size());
  for (const Assignment& assignment : assignments) nodes.push_back(assignment.value);
  return nodes;
}

}  // namespace

Minimization::Minimization(TrainingState& state, const Minimizer& minimizer)
    : state_(state),
      minimizer_(minimizer),
      may_change_(depends_on_step(state)),
      looks_again_(state.step > 0 && !may_change_),
      gradient_(state.model().graph->floating(),
                elements_of(*state.model().graph, state.main.graph.gradients)),
      vector_(gradient_.dtype(), state.main.graph.hessian_product ? gradient_.elements() : 0),
      product_(gradient_.dtype(), vector_.elements()),
      updates_(gradient_.dtype(),
               elements_of(*state.model().graph, values_of(state.main.leaves.assignments))) {
  present_.x = state_.values.read_parameters();
}

std::optional<EndReason> Minimization::make_step() {
  begin_step();
  const TrainSetting& train = *state_.model().train;
  if (train.stop_gradient && is_stationary()) return EndReason::gradient;
  compute_state_updates();
  call_minimizer();
  looks_again_ = false;
  if (!stop_reason_.empty() && !moved_) return EndReason::optimizer;
  commit_state_updates();
  state_.set_step(state_.step + 1);
  if (!stop_reason_.empty()) return EndReason::optimizer;
  if (train.stop_loss && *present_.value <= *train.stop_loss) return EndReason::loss;
  return std::nullopt;
}

void Minimization::begin_step() {
  static_cast<void>(state_.present());  // brings the batch
  std::vector<double> x = state_.values.read_parameters();
  if (may_change_ || !same_bits(x, present_.x)) {
    present_ = {std::move(x), {}, {}};
    last_ = {};
  }
  left_.clear();
  draws_ = 0;
  moved_ = false;
  stop_reason_.clear();
  read_numbers();
}

void Minimization::call_minimizer() {
  const Known before = present_;
  try {
    minimizer_.step(*this);
  } catch (const Error&) {
    present_.x = before.x;
    state_.values.write_parameters(before.x);
    const bool is_spoiled =
        (present_.value && !std::isfinite(*present_.value)) || !all_finite(present_.gradient);
    if (is_spoiled && !moved_) throw explain_divergence(state_);
    throw;
  }
  state_.values.write_parameters(present_.x);
  require_finite_end(before);
}

void Minimization::require_finite_end(const Known& before) {
  if (!present_.value) compute(present_, false);
  if (std::isfinite(*present_.value) && all_finite(present_.gradient)) return;
  state_.values.write_parameters(present_.x);
  const Error error = explain_divergence(state_);
  present_ = before;
  state_.values.write_parameters(before.x);
  throw Error(error);
}

bool Minimization::is_stationary() {
  if (present_.gradient.empty()) compute(present_, true);
  return std::ranges::all_of(present_.gradient, [&](double slope) {
    return std::abs(slope) <= *state_.model().train->stop_gradient;
  });
}

double Minimization::number(std::string_view name) const { return numbers_.find(name)->second; }

bool Minimization::flag(std::string_view name) const {
  return std::ranges::find(state_.main.graph.settings, name, &MinimizerSetting::name)->flag;
}

double Minimization::value() {
  if (!present_.value) compute(present_, true);
  return *present_.value;
}

std::span<const double> Minimization::gradient() {
  if (present_.gradient.empty()) compute(present_, true);
  return present_.gradient;
}

double Minimization::evaluate(std::span<double> x, std::span<double> gradient) {
  last_ = {rounded(x), {}, {}};
  compute(last_, !gradient.empty());
  std::ranges::copy(last_.x, x.begin());
  if (!gradient.empty()) std::ranges::copy(last_.gradient, gradient.begin());
  return *last_.value;
}

void Minimization::hessian_vector(std::span<const double> x, std::span<const double> vector,
                                  std::span<double> product) {
  if (product_program_ == nullptr) {
    const HessianProduct& nodes = *state_.main.graph.hessian_product;
    product_program_ =
        state_.compile(state_.main, end_to_end(*state_.model().graph, nodes.products, product_), {},
                       {{nodes.vector, vector_.at(0)}});
  }
  state_.values.write_parameters(x);
  vector_.write(0, vector);
  product_program_->run();
  count_evaluation();
  std::ranges::copy(product_.read(0, product_.elements()), product.begin());
}

void Minimization::move_to(std::span<const double> x) {
  moved_ = true;
  std::vector<double> to = rounded(x);
  if (same_bits(to, present_.x)) return;
  left_.push_back(std::move(present_));
  if (same_bits(to, last_.x))
    present_ = last_;
  else
    present_ = {std::move(to), {}, {}};
}

std::span<double> Minimization::state(std::string_view name, std::size_t count, double initial) {
  auto& kept = state_.minimizer_state;
  auto found = kept.find(name);
  if (found == kept.end()) found = kept.emplace(std::string(name), std::vector<double>(count, initial)).first;
  if (found->second.size() != count)
    throw Error(Status::plugin,
                "state '" + std::string(name) + "' has " +
                    talweg::count(static_cast<std::int64_t>(found->second.size()), "element") + ", and " +
                    std::to_string(count) + " are asked for; how many is the same in every step");
  return found->second;
}

double Minimization::uniform() {
  const auto words =
      draw(state_.model().seed, kDrawsOfMinimizer, static_cast<std::uint64_t>(state_.step), draws_++);
  return unit_interval(words[0], words[1]);
}

void Minimization::stop(std::string reason) { stop_reason_ = std::move(reason); }

void Minimization::compute(Known& known, bool with_gradient) {
  const NodeId minimized = state_.model().train->minimize;
  std::unique_ptr<Executor>& program = with_gradient ? gradient_program_ : value_program_;
  if (program == nullptr) {
    std::vector<Assignment> assignments;
    if (with_gradient)
      assignments = end_to_end(*state_.model().graph, state_.main.graph.gradients, gradient_);
    program = state_.compile(state_.main, std::move(assignments), {minimized});
  }
  state_.values.write_parameters(known.x);
  program->run();
  const bool looks_again = &known == &present_ && std::exchange(looks_again_, false);
  if (!looks_again) count_evaluation();
  known.value = state_.read_scalar(*program, minimized);
  if (with_gradient) known.gradient = gradient_.read(0, gradient_.elements());
}

std::vector<double> Minimization::rounded(std::span<const double> x) const {
  std::vector<double> result(x.begin(), x.end());
  if (gradient_.dtype() == DType::float32)
    for (double& element : result) element = static_cast<float>(element);
  return result;
}

void Minimization::read_numbers() {
  const Graph& graph = *state_.model().graph;
  std::vector<NodeId> computed;
  for (const MinimizerSetting& setting : state_.main.graph.settings) {
    if (setting.number == kNoNode) continue;
    // A number of the file as it stands there: in a float32 graph its node would round it.
    const Node& node = graph[setting.number];
    if (node.op->name == "constant")
      numbers_[setting.name] = node.attributes.number("value");
    else
      computed.push_back(setting.number);
  }
  if (computed.empty()) return;
  if (numbers_program_ == nullptr) numbers_program_ = state_.compile(state_.main, {}, computed);
  numbers_program_->run();
  for (const MinimizerSetting& setting : state_.main.graph.settings)
    if (std::ranges::find(computed, setting.number) != computed.end())
      numbers_[setting.name] = state_.read_scalar(*numbers_program_, setting.number);
}

// The model's own updates are computed from the values before the step, and assigned after it.
void Minimization::compute_state_updates() {
  const std::vector<Assignment>& assignments = state_.main.leaves.assignments;
  if (assignments.empty()) return;
  if (updates_program_ == nullptr)
    updates_program_ =
        state_.compile(state_.main, end_to_end(*state_.model().graph, values_of(assignments), updates_), {});
  updates_program_->run();
}

void Minimization::commit_state_updates() {
  const std::size_t element = updates_.dtype() == DType::float32 ? sizeof(float) : sizeof(double);
  std::int64_t first = 0;
  for (const Assignment& assignment : state_.main.leaves.assignments) {
    const std::int64_t elements = elements_of(*state_.model().graph, assignment.value);
    std::memcpy(assignment.destination, updates_.at(first), static_cast<std::size_t>(elements) * element);
    first += elements;
  }
}

}  // namespace talweg
