#include "ops/gradient_check.hpp"

#include <cmath>
#include <deque>

#include "graph/gradients.hpp"
#include "program/executor.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// Error of a gradient, for derivatives up to 1 absolute and beyond that relative. Extrapolated central
/// differences are right to some 1e-10.
constexpr double kTolerance = 1e-8;
constexpr double kStep = 1.0 / 1024;

/// A sample in a graph of its own, with memory for its inputs, and a weighted sum of its result.
class Differentiated {
 public:
  explicit Differentiated(const Sample& sample) {
    leaves_ = add_leaves(graph_, sample);
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      bind(leaves_[i], values_of(sample.inputs[i], i));
      if (is_floating(leaves_[i].dtype())) floating_.push_back(i);
    }
    const Value result = sample.append(graph_, leaves_);
    if (graph_.step_leaf() != kNoNode) bind(graph_.step(), {3});
    has_gradient_ = is_floating(result.dtype()) && !sample.stops_gradients && !floating_.empty();
    if (has_gradient_) y_ = sum_all(result * weights(result.shape(), 0.4));
  }

  [[nodiscard]] bool has_gradient() const { return has_gradient_; }
  [[nodiscard]] Value y() const { return y_; }

  /// The gradient of `y`, weighted and summed.
  [[nodiscard]] Value weighted_gradient(Value y) {
    Value total = constant(graph_, 0);
    for (const Value& gradient : gradients(y, wrt()))
      total = total + sum_all(gradient * weights(gradient.shape(), 1.1));
    return total;
  }

  /// Compares the gradient of the scalar `y` with central differences.
  [[nodiscard]] std::string check(Value y) {
    const std::vector<Value> analytic = gradients(y, wrt());
    std::vector<NodeId> fetches;
    fetches.reserve(analytic.size());
    for (const Value& gradient : analytic) fetches.push_back(gradient.id());
    const auto executor = make_reference_executor(graph_, {bindings_, {}, fetches});
    executor->run();
    const auto value = make_reference_executor(graph_, {bindings_, {}, {y.id()}});
    for (std::size_t k = 0; k < floating_.size(); ++k) {
      std::vector<double>& x = memory_[floating_[k]];
      const auto* gradient = static_cast<const double*>(executor->value(analytic[k].id()));
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double numeric = difference(*value, y.id(), x[i]);
        if (!(std::abs(gradient[i] - numeric) <= kTolerance * (1 + std::abs(numeric))))
          return "element " + std::to_string(i) + " by input " + std::to_string(floating_[k]) + ": " +
                 format_number(gradient[i]) + ", and by differences " + format_number(numeric);
      }
    }
    return "";
  }

 private:
  void bind(Value leaf, std::vector<double> values) {
    bindings_.push_back({leaf.id(), memory_.emplace_back(std::move(values)).data()});
  }

  /// A leaf with a value for each element, no two alike.
  [[nodiscard]] Value weights(const Shape& shape, double phase) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < shape.elements(); ++i)
      values.push_back(0.3 + std::sin(phase + 1.3 * static_cast<double>(i)));
    const Value leaf = graph_.add_leaf("data", "", shape, DType::float64);
    bind(leaf, std::move(values));
    return leaf;
  }

  [[nodiscard]] std::vector<Value> wrt() const {
    std::vector<Value> result;
    for (std::size_t i : floating_) result.push_back(leaves_[i]);
    return result;
  }

  /// Of `y` by `x`: two central differences, extrapolated to step 0 (Richardson).
  static double difference(Executor& executor, NodeId y, double& x) {
    const double at = x;
    const auto value = [&](double moved) {
      x = moved;
      executor.run();
      return *static_cast<const double*>(executor.value(y));
    };
    const double wide = (value(at + kStep) - value(at - kStep)) / (2 * kStep);
    const double narrow = (value(at + kStep / 2) - value(at - kStep / 2)) / kStep;
    x = at;
    return (4 * narrow - wide) / 3;
  }

  Graph graph_;
  std::vector<Value> leaves_;
  std::vector<std::size_t> floating_;
  std::deque<std::vector<double>> memory_;
  std::vector<Binding> bindings_;
  bool has_gradient_ = false;
  Value y_;
};

}  // namespace

std::string check_first_order(const Sample& sample) {
  Differentiated differentiated(sample);
  return differentiated.has_gradient() ? differentiated.check(differentiated.y()) : "";
}

std::string check_second_order(const Sample& sample) {
  Differentiated differentiated(sample);
  if (!differentiated.has_gradient()) return "";
  return differentiated.check(differentiated.weighted_gradient(differentiated.y()));
}

}  // namespace talweg
