#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "graph/update_rule.hpp"

namespace talweg {

/// What a rule asked its site for.
struct Asked {
  std::set<std::string> hyperparameters;
  bool shape = false;
  std::int64_t other_gradients = 0;  ///< at another point than x
};

/// A rule whose emissions note what it asks for. Both outlive it.
class WatchedRule final : public UpdateRule {
 public:
  WatchedRule(const UpdateRule& rule, Asked& asked) : rule_(rule), asked_(asked) {}

  [[nodiscard]] const std::string& name() const override { return rule_.name(); }
  [[nodiscard]] const std::vector<Hyperparameter>& hyperparameters() const override {
    return rule_.hyperparameters();
  }
  [[nodiscard]] bool needs_all_parameters() const override { return rule_.needs_all_parameters(); }
  [[nodiscard]] bool draws_examples() const override { return rule_.draws_examples(); }
  void emit(UpdateSite& site) const override;

 private:
  const UpdateRule& rule_;
  Asked& asked_;
};

}  // namespace talweg
