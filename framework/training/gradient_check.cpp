#include "training/gradient_check.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <numeric>
#include <talweg/error.hpp>

#include "graph/gradients.hpp"
#include "graph/op.hpp"
#include "program/executor.hpp"
#include "program/needed_nodes.hpp"
#include "support/numbers.hpp"
#include "support/random.hpp"
#include "training/batch_data.hpp"
#include "training/values.hpp"

namespace talweg {
namespace {

/// Near the cube root of the rounding error, where central differences in float64 are best.
constexpr double kStep = 6e-6;
/// Other steps, for functions that bend more or whose values are large beside their differences.
constexpr double kStepFactors[] = {1, 32, 1.0 / 32};
/// What central differences can be held to, relative to the gradient.
constexpr double kTolerance = 1e-5;
/// Rounding errors of a function's value, in units of the last place: more than a sum of some thousand terms
/// has.
constexpr double kRoundings = 64;

const double* doubles(const Executor& executor, NodeId node) {
  return static_cast<const double*>(executor.value(node));
}

std::vector<double> read(const Executor& executor, const Graph& graph, NodeId node) {
  return to_doubles(executor.value(node), DType::float64, graph[node].shape.elements());
}

struct Comparison {
  bool fits = false;
  double error = 0;  ///< relative, beyond rounding errors
  double difference = 0;
};

/// Compares a gradient with central differences of f, a function of how far one moves from here.
template <class Function>
Comparison compare(const Function& f, double gradient, double scale) {
  const double here = f(0);
  Comparison first;
  for (double factor : kStepFactors) {
    const double h = kStep * factor * scale, ahead = f(h), behind = f(-h);
    const double noise = kRoundings * std::numeric_limits<double>::epsilon() *
                         std::max({1.0, std::abs(here), std::abs(ahead)}) / h;
    Comparison result;
    result.difference = (ahead - behind) / (2 * h);
    const double distance = std::abs(gradient - result.difference);
    const double size = std::max(std::abs(gradient), std::abs(result.difference));
    result.fits = distance <= kTolerance * size + noise;
    result.error = distance <= noise ? 0 : (distance - noise) / size;
    if (result.fits) return result;
    if (factor == 1) first = result;
    // With the shortest step only a kink has two slopes.
    const auto [low, high] = std::minmax({(ahead - here) / h, (here - behind) / h});
    if (factor < 1 && gradient >= low - noise && gradient <= high + noise) return {true, 0, gradient};
  }
  return first;
}

struct TensorCheck {
  std::int64_t checked = 0;
  double largest_error = 0;
  std::optional<GradientMismatch> mismatch;
};

/// Compares the gradients of one scalar, which `evaluate` computes, with central differences.
template <class Evaluate>
class Checker {
 public:
  Checker(Evaluate evaluate, LegacyGenerator& generator, std::int64_t elements)
      : evaluate_(evaluate), generator_(generator), elements_(elements) {}

  /// `x` is the memory of a tensor that `evaluate` depends on; afterwards it is as it was. Infinite elements
  /// stay where they are.
  TensorCheck check(std::vector<double>& x, const std::vector<double>& gradient) {
    TensorCheck result;
    for (std::size_t element : sample(x)) {
      const double before = x[element];
      const auto moved = [&](double distance) {
        x[element] = before + distance;
        const double y = evaluate_();
        x[element] = before;
        return y;
      };
      const Comparison comparison = compare(moved, gradient[element], std::max(1.0, std::abs(before)));
      ++result.checked;
      take(result, comparison,
           {static_cast<std::int64_t>(element), gradient[element], comparison.difference});
    }
    if (x.size() > 1) check_direction(x, gradient, result);
    return result;
  }

 private:
  /// All elements but infinite ones, or as many as are wanted, drawn without repetition.
  std::vector<std::size_t> sample(const std::vector<double>& x) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!std::isinf(x[i])) all.push_back(i);
    const std::size_t size = all.size();
    const std::size_t wanted = std::min(size, static_cast<std::size_t>(elements_));
    if (wanted == size) return all;
    for (std::size_t i = 0; i < wanted; ++i)
      std::swap(all[i],
                all[i + static_cast<std::size_t>(generator_.uniform() * static_cast<double>(size - i))]);
    all.resize(wanted);
    return all;
  }

  void check_direction(std::vector<double>& x, const std::vector<double>& gradient, TensorCheck& result) {
    std::vector<double> direction(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) direction[i] = std::isinf(x[i]) ? 0 : generator_.normal();
    const double length =
        std::sqrt(std::inner_product(direction.begin(), direction.end(), direction.begin(), 0.0));
    if (length == 0) return;
    for (double& component : direction) component /= length;
    const std::vector<double> before = x;
    const auto moved = [&](double distance) {
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = before[i] + distance * direction[i];
      return evaluate_();
    };
    const double slope = std::inner_product(gradient.begin(), gradient.end(), direction.begin(), 0.0);
    const Comparison comparison = compare(moved, slope, 1);
    std::ranges::copy(before, x.begin());
    take(result, comparison, {-1, slope, comparison.difference});
  }

  static void take(TensorCheck& result, const Comparison& comparison, const GradientMismatch& mismatch) {
    const bool is_worst =
        !comparison.fits && (!result.mismatch || !(comparison.error <= result.largest_error));
    result.largest_error = std::max(result.largest_error, comparison.error);
    if (is_worst) result.mismatch = mismatch;
  }

  Evaluate evaluate_;
  LegacyGenerator& generator_;
  std::int64_t elements_;
};

/// A copy of what is minimized in which each node that gradients flow through can be moved: a leaf of zeros
/// is added to it. Leaves, and nodes through which no gradient flows, keep the values that they have.
struct MovableGraph {
  Graph graph{DType::float64};
  std::deque<std::vector<double>> memory;
  std::vector<Binding> bindings;
  struct Offset {
    NodeId leaf = kNoNode;
    std::vector<double>* values = nullptr;
  };
  std::map<NodeId, Offset> offsets;  ///< by node of the model's graph
  NodeId y = kNoNode;

  NodeId add_leaf(const Shape& shape, DType dtype, std::vector<double> values) {
    const NodeId leaf = graph.add_leaf("data", "", shape, dtype).id();
    bindings.push_back({leaf, memory.emplace_back(std::move(values)).data()});
    return leaf;
  }
};

class GradientChecker {
 public:
  GradientChecker(CheckedModel& model, const GradientCheckOptions& options)
      : model_(model),
        graph_(*model.graph),
        options_(options),
        generator_(options.seed),
        values_(model, {}),
        data_(model),
        bindings_(values_.leaves(model, {}).bindings),
        y_(model.train->minimize) {
    const std::vector<Binding> data = data_.bindings();
    bindings_.insert(bindings_.end(), data.begin(), data.end());
    for (const TensorDeclaration& parameter : model.parameters)
      parameters_.push_back(graph_.value(parameter.node));
  }

  GradientCheck run() {
    compute_values();
    GradientCheck result;
    result.wrong_rules = check_rules();
    make_movable();
    check_parameters(result);
    if (std::ranges::any_of(result.parameters, [](const auto& check) { return check.mismatch.has_value(); }))
      result.first_wrong = find_first_wrong(result.wrong_rules);
    return result;
  }

 private:
  void compute_values() {
    needed_ = needed_nodes(graph_, {bindings_, {}, {y_}});
    const auto executor = make_reference_executor(graph_, {bindings_, {}, needed_});
    executor->run();
    for (NodeId id : needed_) node_values_[id] = read(*executor, graph_, id);
    if (const double y = node_values_[y_].front(); !std::isfinite(y))
      throw Error(Status::diverged, "what is minimized, " + model_.train->minimize_name + ", is " +
                                        format_number(y) + " at the initial values")
          .at(graph_[y_].origin.location());
    const std::vector<bool> reached = reached_from(graph_, y_, parameters_);
    for (NodeId id : needed_)
      if (reached[id]) reached_.push_back(id);
  }

  [[nodiscard]] bool is_reached(NodeId id) const { return std::ranges::binary_search(reached_, id); }

  std::vector<NodeMismatch> check_rules() {
    std::vector<NodeMismatch> wrong;
    for (NodeId id : reached_)
      if (!graph_[id].op->leaf) check_rule(id, wrong);
    return wrong;
  }

  /// y = sum(c op(x_0, x_1, ...)) with random c, over what of the result is not infinite, in a graph of its
  /// own.
  void check_rule(NodeId id, std::vector<NodeMismatch>& wrong) {
    const Node& node = graph_[id];
    MovableGraph local;
    local.graph.set_origin(node.origin);
    std::vector<NodeId> inputs;
    std::vector<std::size_t> moved;
    std::vector<Value> wrt;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const NodeId input = node.inputs[i];
      inputs.push_back(local.add_leaf(graph_[input].shape, graph_[input].dtype, node_values_[input]));
      if (!is_reached(input)) continue;
      moved.push_back(i);
      wrt.push_back(local.graph.value(inputs.back()));
    }
    const Value output = local.graph.add(*node.op, inputs, node.attributes);
    std::vector<double> weights(node_values_[id].size());
    for (double& weight : weights) weight = generator_.normal();
    const NodeId cotangent = local.add_leaf(node.shape, DType::float64, std::move(weights));
    std::vector<double> finite;
    for (double value : node_values_[id]) finite.push_back(std::isinf(value) ? 0 : 1);
    const NodeId counts = local.add_leaf(node.shape, DType::boolean, std::move(finite));
    const Value counted = where(local.graph.value(counts), output, constant(local.graph, 0));
    const Value y = sum_all(counted * local.graph.value(cotangent));

    Task task{local.bindings, {}, {}};
    for (const Value& gradient : gradients(y, wrt)) task.fetches.push_back(gradient.id());
    const std::vector<NodeId> gradient_nodes = task.fetches;
    const auto gradient_executor = make_reference_executor(local.graph, task);
    gradient_executor->run();
    const auto executor = make_reference_executor(local.graph, {local.bindings, {}, {y.id()}});
    const auto evaluate = [&] {
      executor->run();
      return *doubles(*executor, y.id());
    };
    Checker checker(evaluate, generator_, options_.elements);
    for (std::size_t k = 0; k < moved.size(); ++k) {
      const TensorCheck check =
          checker.check(local.memory[moved[k]], read(*gradient_executor, local.graph, gradient_nodes[k]));
      if (check.mismatch) wrong.push_back({id, moved[k], *check.mismatch});
    }
  }

  void make_movable() {
    std::map<NodeId, NodeId> copies;
    for (NodeId id : needed_) {
      const Node& node = graph_[id];
      movable_.graph.set_origin(node.origin);
      if (node.op->leaf || node.op->differentiable == Differentiable::never) {
        copies[id] = movable_.add_leaf(node.shape, node.dtype, node_values_[id]);
      } else {
        std::vector<NodeId> inputs;
        for (NodeId input : node.inputs) inputs.push_back(copies.at(input));
        copies[id] = movable_.graph.add(*node.op, std::move(inputs), node.attributes).id();
      }
      if (!is_reached(id)) continue;
      const NodeId offset =
          movable_.add_leaf(node.shape, node.dtype, std::vector(node_values_[id].size(), 0.0));
      movable_.offsets[id] = {offset, &movable_.memory.back()};
      copies[id] = (movable_.graph.value(copies[id]) + movable_.graph.value(offset)).id();
    }
    movable_.y = copies.at(y_);
    program_ = compile_program(movable_.graph, {movable_.bindings, {}, {movable_.y}});
  }

  double evaluate() {
    program_->run();
    return *doubles(*program_, movable_.y);
  }

  void check_parameters(GradientCheck& result) {
    Task task{bindings_, {}, {}};
    for (const Value& gradient : gradients(graph_.value(y_), parameters_))
      task.fetches.push_back(gradient.id());
    const std::vector<NodeId> gradient_nodes = task.fetches;
    const auto program = compile_program(graph_, task);
    program->run();
    Checker checker([this] { return evaluate(); }, generator_, options_.elements);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const TensorDeclaration& parameter = model_.parameters[i];
      ParameterCheck check{parameter.name, parameters_[i].shape(), graph_[parameter.node].origin};
      check.has_gradient = is_reached(parameter.node);
      if (check.has_gradient) {
        const TensorCheck tensor = checker.check(*movable_.offsets.at(parameter.node).values,
                                                 read(*program, graph_, gradient_nodes[i]));
        check.checked = tensor.checked;
        check.largest_error = tensor.largest_error;
        check.mismatch = tensor.mismatch;
      }
      result.parameters.push_back(std::move(check));
    }
  }

  /// Walks from what is minimized down to the first node whose gradient is wrong; the error is made by one of
  /// those that read it.
  std::optional<NodeMismatch> find_first_wrong(const std::vector<NodeMismatch>& wrong_rules) {
    std::vector<Value> wrt;
    for (NodeId id : reached_) wrt.push_back(movable_.graph.value(movable_.offsets.at(id).leaf));
    Task task{movable_.bindings, {}, {}};
    for (const Value& gradient : gradients(movable_.graph.value(movable_.y), wrt))
      task.fetches.push_back(gradient.id());
    const std::vector<NodeId> gradient_nodes = task.fetches;
    const auto program = make_reference_executor(movable_.graph, task);
    program->run();
    Checker checker([this] { return evaluate(); }, generator_, options_.elements);
    for (std::size_t k = reached_.size(); k-- > 0;) {
      const TensorCheck check = checker.check(*movable_.offsets.at(reached_[k]).values,
                                              read(*program, movable_.graph, gradient_nodes[k]));
      if (check.mismatch) return reader_of(reached_[k], *check.mismatch, wrong_rules);
    }
    return std::nullopt;
  }

  [[nodiscard]] NodeMismatch reader_of(NodeId input, const GradientMismatch& mismatch,
                                       const std::vector<NodeMismatch>& wrong_rules) const {
    NodeMismatch result{input, 0, mismatch};
    for (NodeId id : reached_) {
      const auto place = std::ranges::find(graph_[id].inputs, input);
      if (place == graph_[id].inputs.end()) continue;
      result.node = id;
      result.input = static_cast<std::size_t>(place - graph_[id].inputs.begin());
      if (std::ranges::find(wrong_rules, id, &NodeMismatch::node) != wrong_rules.end()) break;
    }
    return result;
  }

  CheckedModel& model_;
  Graph& graph_;
  const GradientCheckOptions& options_;
  LegacyGenerator generator_;
  Values values_;
  BatchData data_;
  std::vector<Binding> bindings_;
  NodeId y_;
  std::vector<Value> parameters_;
  std::vector<NodeId> needed_;   ///< by what is minimized: ascending
  std::vector<NodeId> reached_;  ///< those of them that gradients flow through
  std::map<NodeId, std::vector<double>> node_values_;
  MovableGraph movable_;
  std::unique_ptr<Executor> program_;
};

}  // namespace

bool GradientCheck::right() const {
  return wrong_rules.empty() &&
         std::ranges::none_of(parameters, [](const auto& check) { return check.mismatch.has_value(); });
}

GradientCheck check_gradients(CheckedModel& model, const GradientCheckOptions& options) {
  if (model.graph->floating() != DType::float64)
    throw Error(Status::internal, "gradients are checked in float64");
  return GradientChecker(model, options).run();
}

}  // namespace talweg
