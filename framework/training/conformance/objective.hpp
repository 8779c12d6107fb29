#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/minimizer.hpp"

namespace talweg::conformance {

struct Subject;

/// A function that a minimizer can be set on, with all that it may ask for.
struct TestFunction {
  std::vector<double> start;
  std::function<double(std::span<const double> x)> value;
  std::function<std::vector<double>(std::span<const double> x)> gradient;
  std::function<std::vector<double>(std::span<const double> x, std::span<const double> vector)> hessian;
};

/// Rosenbrock's function of four variables: a valley that turns, where no step goes straight to the end.
[[nodiscard]] TestFunction curved_valley();

/// An objective that watches the minimizer. What it has handed out becomes NaN when the minimizer moves, as
/// it may no longer be read then.
class ProbeObjective final : public Objective {
 public:
  ProbeObjective(const Subject& subject, TestFunction function);

  /// Begins the next step, in which `offset` is added to every value.
  Objective& begin_step(double offset = 0);

  /// What the minimizer has done in all steps.
  [[nodiscard]] int draws() const { return draws_; }
  [[nodiscard]] int gradients() const { return gradients_; }                      ///< asked for, wherever
  [[nodiscard]] int evaluations() const { return evaluations_; }                  ///< of other points
  [[nodiscard]] const std::vector<std::string>& asked() const { return asked_; }  ///< hyperparameters
  // And in the present one.
  [[nodiscard]] const std::vector<double>& position() const { return x_; }
  [[nodiscard]] const std::string& stop_reason() const { return reason_; }
  /// Points that were evaluated, with their values (without the offset).
  [[nodiscard]] const std::vector<std::pair<std::vector<double>, double>>& trials() const { return trials_; }
  [[nodiscard]] const TestFunction& function() const { return function_; }

  [[nodiscard]] std::size_t size() const override { return x_.size(); }
  [[nodiscard]] std::int64_t step() const override { return step_; }
  [[nodiscard]] double number(std::string_view name) const override;
  [[nodiscard]] bool flag(std::string_view name) const override;
  [[nodiscard]] std::span<const double> x() const override { return hand_out(x_); }
  [[nodiscard]] double value() override { return function_.value(x_) + offset_; }
  [[nodiscard]] std::span<const double> gradient() override;
  double evaluate(std::span<double> x, std::span<double> gradient) override;
  void hessian_vector(std::span<const double> x, std::span<const double> vector,
                      std::span<double> product) override;
  void move_to(std::span<const double> x) override;
  [[nodiscard]] std::span<double> state(std::string_view name, std::size_t count, double initial) override;
  [[nodiscard]] double uniform() override;
  void stop(std::string reason) override { reason_ = std::move(reason); }

 private:
  std::span<const double> hand_out(std::vector<double> values) const;

  const Subject& subject_;
  TestFunction function_;
  std::vector<double> x_;
  std::int64_t step_ = -1;
  double offset_ = 0;
  mutable std::deque<std::vector<double>> handed_out_;  ///< what a minimizer may point at
  std::map<std::string, std::vector<double>, std::less<>> states_;
  std::vector<std::pair<std::vector<double>, double>> trials_;
  mutable std::vector<std::string> asked_;
  std::string reason_;
  int draws_ = 0, gradients_ = 0, evaluations_ = 0;
};

}  // namespace talweg::conformance
