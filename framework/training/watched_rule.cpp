#include "training/watched_rule.hpp"

#include <talweg/error.hpp>

namespace talweg {
namespace {

class WatchedSite final : public UpdateSite {
 public:
  WatchedSite(UpdateSite& site, Asked& asked) : site_(site), asked_(asked) {}

  [[nodiscard]] Value parameter() override { return site_.parameter(); }
  [[nodiscard]] Value gradient() override { return site_.gradient(); }
  [[nodiscard]] Value gradient_at(Value point) override {
    ++asked_.other_gradients;
    return site_.gradient_at(point);
  }
  [[nodiscard]] Value step() override { return site_.step(); }
  [[nodiscard]] Value hyperparameter(std::string_view name) override {
    asked_.hyperparameters.emplace(name);
    return site_.hyperparameter(name);
  }
  [[nodiscard]] bool flag(std::string_view name) override {
    asked_.hyperparameters.emplace(name);
    return site_.flag(name);
  }
  [[nodiscard]] Value state(std::string_view name, double initial) override {
    return site_.state(name, initial);
  }
  [[nodiscard]] Value copy(std::string_view name) override { return site_.copy(name); }
  void evaluate_with(std::string_view name) override { site_.evaluate_with(name); }
  [[nodiscard]] Value example_state(std::string_view name, double initial) override {
    return site_.example_state(name, initial);
  }
  [[nodiscard]] Value drawn() override { return site_.drawn(); }
  void draw_by(std::string_view name) override { site_.draw_by(name); }
  void assign_parameter(Value value) override { site_.assign_parameter(value); }
  void assign_state(std::string_view name, Value value) override { site_.assign_state(name, value); }
  [[nodiscard]] const Shape& shape() override {
    asked_.shape = true;
    return site_.shape();
  }

 private:
  UpdateSite& site_;
  Asked& asked_;
};

}  // namespace

void WatchedRule::emit(UpdateSite& site) const {
  WatchedSite watched(site, asked_);
  try {
    rule_.emit(watched);
  } catch (const Error&) {
    asked_.shape = true;  // on the vector of all parameters; emitted for each it may be right
    throw;
  }
}

}  // namespace talweg
