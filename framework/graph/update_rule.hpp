#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// A setting of an optimizer: written once, it drives validation, `plugins describe`, schemas and sweep
/// ranges.
struct Hyperparameter {
  enum class Kind : std::uint8_t {
    number,  ///< a scalar of the graph: it may be an expression of `step`
    flag     ///< an option, known when the update is emitted
  };

  std::string name;
  Kind kind = Kind::number;
  double default_value = 0;
  bool required = false;  ///< there is no sensible default
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_excluded = false;
  bool high_excluded = false;
  bool whole = false;  ///< whole numbers alone
  std::string doc;

  [[nodiscard]] bool admits(double value) const {
    return (low_excluded ? value > low : value >= low) && (high_excluded ? value < high : value <= high) &&
           (!whole || std::trunc(value) == value);
  }
};

/// "> 0", "in [0, 1)", "a whole number in [1, 100]", or "" where every number is admitted.
[[nodiscard]] std::string describe_range(const Hyperparameter& hyperparameter);

/// The place where an update rule is emitted: one parameter, or the whole vector x of all of them. What a
/// rule may ask for and what it gives back.
class UpdateSite {
 public:
  virtual ~UpdateSite() = default;

  [[nodiscard]] virtual Value parameter() = 0;
  [[nodiscard]] virtual Value gradient() = 0;
  /// The gradient where `point`, of the parameter's shape, is in its place. REQUIRES: the rule needs all
  /// parameters together.
  [[nodiscard]] virtual Value gradient_at(Value point) = 0;
  /// Updates already made: 0 in the first.
  [[nodiscard]] virtual Value step() = 0;
  /// REQUIRES: the rule's table has a number of that name.
  [[nodiscard]] virtual Value hyperparameter(std::string_view name) = 0;
  /// REQUIRES: the rule's table has a flag of that name.
  [[nodiscard]] virtual bool flag(std::string_view name) = 0;
  /// A tensor of the parameter's shape that lasts from step to step, first filled with `initial`. The same
  /// name gives the same tensor; its value is that of before this step.
  [[nodiscard]] virtual Value state(std::string_view name, double initial) = 0;
  /// A state that begins as the parameter.
  [[nodiscard]] virtual Value copy(std::string_view name) = 0;
  /// The copy of that name is what the model consists of; the parameter is only where gradients are taken.
  /// REQUIRES: it is assigned.
  virtual void evaluate_with(std::string_view name) = 0;
  /// One number for each example that is trained on, otherwise as a state. REQUIRES, as for the next two:
  /// the rule draws examples.
  [[nodiscard]] virtual Value example_state(std::string_view name, double initial) = 0;
  /// How often each example is in the batch.
  [[nodiscard]] virtual Value drawn() = 0;
  /// The example state of that name is what examples are drawn by.
  virtual void draw_by(std::string_view name) = 0;
  /// What the parameter and the states become after this step, each of its shape.
  virtual void assign_parameter(Value value) = 0;
  virtual void assign_state(std::string_view name, Value value) = 0;
  /// The parameter's shape. Asking for it makes the rule one that is emitted for each parameter by itself.
  [[nodiscard]] virtual const Shape& shape() = 0;
};

/// What trains a model: an UpdateRule or a Minimizer (graph/minimizer.hpp).
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual const std::vector<Hyperparameter>& hyperparameters() const = 0;
  /// The files that it was loaded from, by name of the optimizer; none for one of a model file.
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> libraries() const { return {}; }
};

/// An optimizer that turns a gradient into nodes: from a plugin, or from `optimizers:` in a model file.
class UpdateRule : public Optimizer {
 public:
  /// Appends the update's nodes. Throws Error.
  virtual void emit(UpdateSite& site) const = 0;
  /// Is it emitted once, over all parameters laid end to end, whatever it uses?
  [[nodiscard]] virtual bool needs_all_parameters() const { return false; }
  /// Then it needs all parameters, too.
  [[nodiscard]] virtual bool draws_examples() const { return false; }
};

}  // namespace talweg
