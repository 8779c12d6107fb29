#include "plugin/update_formula.hpp"

#include <algorithm>
#include <map>

#include "graph/formula.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// Sizes that stand out, should one of them become a number of the formula.
const Shape kMatrix = {5, 3}, kVector = {7};
constexpr std::int64_t kExamples = 11;

/// A place for the rule in a graph of its own, in which every leaf has the name that a reader knows.
class DescribedSite final : public UpdateSite {
 public:
  DescribedSite(const UpdateRule& rule, const Shape& shape)
      : rule_(rule), x_(graph_.add_leaf("parameter", "x", shape, DType::float64)) {}

  [[nodiscard]] Value parameter() override { return x_; }
  [[nodiscard]] Value gradient() override { return leaf("data", "g", x_.shape()); }
  [[nodiscard]] Value gradient_at(Value point) override {
    const std::string number = std::to_string(++points_);
    outputs_.emplace_back("point" + number, point.id());
    return leaf("data", "gradient(point" + number + ")", x_.shape());
  }
  [[nodiscard]] Value step() override { return leaf("scalar", "step", {}); }
  [[nodiscard]] Value hyperparameter(std::string_view name) override {
    return leaf("scalar", std::string(name), {});
  }
  [[nodiscard]] bool flag(std::string_view name) override {
    return std::ranges::find(rule_.hyperparameters(), name, &Hyperparameter::name)->default_value != 0;
  }
  [[nodiscard]] Value state(std::string_view name, double) override {
    return leaf("state", std::string(name), x_.shape());
  }
  [[nodiscard]] Value copy(std::string_view name) override { return state(name, 0); }
  void evaluate_with(std::string_view name) override { evaluated_ = name; }
  [[nodiscard]] Value example_state(std::string_view name, double) override {
    return leaf("state", std::string(name), {kExamples});
  }
  [[nodiscard]] Value drawn() override { return leaf("data", "drawn", {kExamples}); }
  void draw_by(std::string_view name) override { drawn_by_ = name; }
  void assign_parameter(Value value) override { next_ = value; }
  void assign_state(std::string_view name, Value value) override {
    outputs_.emplace_back(std::string(name) + "'", value.id());
  }
  [[nodiscard]] const Shape& shape() override {
    shape_asked_ = true;
    return x_.shape();
  }

  [[nodiscard]] bool shape_asked() const { return shape_asked_; }
  [[nodiscard]] std::vector<std::string> lines() {
    outputs_.emplace_back("x'", next_.id());
    std::vector<std::string> lines = formula_of(graph_, outputs_);
    if (!evaluated_.empty()) lines.push_back("the model is evaluated with " + evaluated_ + "'");
    if (!drawn_by_.empty()) lines.push_back("the examples are drawn by " + drawn_by_ + "'");
    return lines;
  }

 private:
  Value leaf(std::string_view op, const std::string& name, const Shape& shape) {
    const auto [known, added] = leaves_.try_emplace(name);
    if (added) known->second = graph_.add_leaf(op, name, shape, DType::float64);
    return known->second;
  }

  const UpdateRule& rule_;
  Graph graph_;
  Value x_, next_;
  std::map<std::string, Value> leaves_;
  std::vector<std::pair<std::string, NodeId>> outputs_;
  std::string evaluated_, drawn_by_;
  int points_ = 0;
  bool shape_asked_ = false;
};

}  // namespace

std::vector<UpdateFormula> update_formulas(const UpdateRule& rule) {
  register_ops();
  DescribedSite of_matrix(rule, kMatrix);
  rule.emit(of_matrix);
  if (!of_matrix.shape_asked() || rule.needs_all_parameters()) return {{"", of_matrix.lines()}};
  DescribedSite of_vector(rule, kVector);
  rule.emit(of_vector);
  std::vector<UpdateFormula> formulas = {{"a matrix of 5 rows and 3 columns", of_matrix.lines()},
                                         {"any other parameter", of_vector.lines()}};
  if (formulas[0].lines == formulas[1].lines) formulas = {{"each parameter by itself", formulas[0].lines}};
  return formulas;
}

}  // namespace talweg
