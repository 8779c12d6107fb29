#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "graph/update_rule.hpp"

namespace talweg {

/// What a minimizer sees of a training: the vector x of all parameters laid end to end, and what is minimized
/// as a function of it. Numbers are doubles whatever the model's type. Within one step the function stays the
/// same: the same batch, the same random draws.
///
/// Spans that are returned stay as they are until the next call of move_to or evaluate.
class Objective {
 public:
  virtual ~Objective() = default;

  /// Elements of x.
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// Steps already made: 0 in the first.
  [[nodiscard]] virtual std::int64_t step() const = 0;
  // REQUIRES: the minimizer's table has a number, or a flag, of that name.
  [[nodiscard]] virtual double number(std::string_view name) const = 0;
  [[nodiscard]] virtual bool flag(std::string_view name) const = 0;

  /// Where the training is, and value and gradient there.
  [[nodiscard]] virtual std::span<const double> x() const = 0;
  [[nodiscard]] virtual double value() = 0;
  [[nodiscard]] virtual std::span<const double> gradient() = 0;

  /// Value and gradient at `x`, which becomes what it is in the model's type: both belong to that. An empty
  /// `gradient` asks for the value alone. REQUIRES: x has size() elements, and `gradient` has as many or
  /// none.
  virtual double evaluate(std::span<double> x, std::span<double> gradient) = 0;
  /// The matrix of second derivatives at `x` times `vector`. REQUIRES: the minimizer declares the need, all
  /// have size() elements.
  virtual void hessian_vector(std::span<const double> x, std::span<const double> vector,
                              std::span<double> product) = 0;
  /// The training goes on from there. REQUIRES: x has size() elements, all finite.
  virtual void move_to(std::span<const double> x) = 0;

  /// Numbers that last from step to step, `initial` everywhere at first; kept, saved and restored as they
  /// are. They stay where they are. Throws Error{plugin} where they are there in another number.
  [[nodiscard]] virtual std::span<double> state(std::string_view name, std::size_t count, double initial) = 0;
  /// The next draw of this step from [0, 1): it depends on the model's seed, on the step and on how many came
  /// before it in the step, and on nothing else.
  [[nodiscard]] virtual double uniform() = 0;
  /// Ends the training after this step, for a reason in one line.
  virtual void stop(std::string reason) = 0;
};

/// An optimizer that evaluates the objective itself.
class Minimizer : public Optimizer {
 public:
  [[nodiscard]] virtual bool needs_second_derivatives() const = 0;
  /// Makes one step. Throws Error{plugin}.
  virtual void step(Objective& objective) const = 0;
};

}  // namespace talweg
