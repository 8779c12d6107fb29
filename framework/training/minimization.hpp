#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/minimizer.hpp"
#include "training/training_state.hpp"

namespace talweg {

/// The steps of a minimizer, and the objective that it sees: programs over the values of a training.
class Minimization final : private Objective {
 public:
  /// REQUIRES: the training's optimizer is `minimizer`; both outlive this.
  Minimization(TrainingState& state, const Minimizer& minimizer);

  /// Makes a step, or finds that there is none to make: a stop condition holds before it, or the minimizer
  /// finds no way further down; then x is where it was. A step that goes wrong leaves everything as it was.
  /// Throws Error{plugin}, or Error{diverged} where the minimizer cannot be blamed.
  [[nodiscard]] std::optional<EndReason> make_step();

  /// Why the minimizer ended the training; "" where it did not.
  [[nodiscard]] const std::string& reason() const { return stop_reason_; }

 private:
  /// A point, and what is known of the objective there.
  struct Known {
    std::vector<double> x;
    std::optional<double> value;
    std::vector<double> gradient;  ///< empty where it is not known
  };

  [[nodiscard]] std::size_t size() const override { return present_.x.size(); }
  [[nodiscard]] std::int64_t step() const override { return state_.step; }
  [[nodiscard]] double number(std::string_view name) const override;
  [[nodiscard]] bool flag(std::string_view name) const override;
  [[nodiscard]] std::span<const double> x() const override { return present_.x; }
  [[nodiscard]] double value() override;
  [[nodiscard]] std::span<const double> gradient() override;
  double evaluate(std::span<double> x, std::span<double> gradient) override;
  void hessian_vector(std::span<const double> x, std::span<const double> vector,
                      std::span<double> product) override;
  void move_to(std::span<const double> x) override;
  [[nodiscard]] std::span<double> state(std::string_view name, std::size_t count, double initial) override;
  [[nodiscard]] double uniform() override;
  void stop(std::string reason) override;

  void begin_step();
  void call_minimizer();
  void require_finite_end(const Known& before);
  [[nodiscard]] bool is_stationary();
  void compute(Known& known, bool with_gradient);
  void count_evaluation() {
    if (state_.evaluations) ++*state_.evaluations;
  }
  [[nodiscard]] std::vector<double> rounded(std::span<const double> x) const;
  void read_numbers();
  void compute_state_updates();
  void commit_state_updates();

  TrainingState& state_;
  const Minimizer& minimizer_;
  bool may_change_;   ///< does the objective depend on more than x?
  bool looks_again_;  ///< is an evaluation of the present point one that an earlier run has counted?
  Known present_, last_;
  std::vector<Known> left_;  ///< points of this step: a plugin that wrongly reads there still finds memory
  std::map<std::string, double, std::less<>> numbers_;
  TensorMemory gradient_, vector_, product_, updates_;
  std::unique_ptr<Executor> value_program_, gradient_program_, product_program_, numbers_program_,
      updates_program_;
  std::uint64_t draws_ = 0;
  bool moved_ = false;
  std::string stop_reason_;
};

}  // namespace talweg
