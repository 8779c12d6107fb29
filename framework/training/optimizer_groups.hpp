#pragma once

#include <memory>
#include <vector>

#include "graph/update_rule.hpp"
#include "model/model.hpp"

namespace talweg {

/// The update rules of a model with `groups:`. What it says of itself is what the rule says that trains the
/// parameters of no group.
class OptimizerGroups final : public Optimizer {
 public:
  /// `rules` by group of the model's `train:`.
  OptimizerGroups(std::shared_ptr<const UpdateRule> main,
                  std::vector<std::shared_ptr<const UpdateRule>> rules)
      : main_(std::move(main)), rules_(std::move(rules)) {}

  [[nodiscard]] const std::string& name() const override { return main_->name(); }
  [[nodiscard]] const std::vector<Hyperparameter>& hyperparameters() const override {
    return main_->hyperparameters();
  }
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> libraries() const override {
    std::vector<std::pair<std::string, std::string>> all = main_->libraries();
    for (const auto& rule : rules_)
      for (auto& library : rule->libraries()) all.push_back(std::move(library));
    return all;
  }
  [[nodiscard]] const UpdateRule& main() const { return *main_; }
  [[nodiscard]] const UpdateRule& rule(std::size_t group) const { return *rules_[group]; }

 private:
  std::shared_ptr<const UpdateRule> main_;
  std::vector<std::shared_ptr<const UpdateRule>> rules_;
};

/// The group of a parameter that is in none.
inline constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);

/// By parameter of the model: the first group that takes it. Throws Error{model} with a place in the file
/// where a group takes none. REQUIRES: the model has `train:`.
[[nodiscard]] std::vector<std::size_t> groups_of_parameters(const CheckedModel& model);

}  // namespace talweg
