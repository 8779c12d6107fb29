#include "program/scheduling/weights_in_panels.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "program/scheduling/values_in_panels.hpp"
#include "program/steps/elementwise_step.hpp"
#include "program/steps/nonzeros_step.hpp"
#include "program/steps/pack_step.hpp"
#include "program/steps/panel_product_step.hpp"
#include "program/steps/panel_sum_step.hpp"
#include "program/steps/reduction_step.hpp"
#include "program/steps/where_dense_step.hpp"

namespace talweg {
namespace {

using Kind = WeightProduct::Kind;

/// Replaces the products, and what reads and writes their values.
class Replacer {
 public:
  Replacer(Plan& plan, DType dtype, std::size_t bytes_of_element, const WeightProducts& products)
      : plan_(plan),
        width_(panel_width(dtype)),
        bytes_of_element_(static_cast<std::int64_t>(bytes_of_element)),
        products_(products),
        values_(plan, products, width_) {}

  void run() {
    for (const auto& [buffer, value] : values_.all())
      plan_.buffers[buffer].elements = elements_in_panels(value.rows, value.columns, width_);
    auto steps = std::exchange(plan_.steps, {});
    const auto nodes = std::exchange(plan_.nodes, {});
    for (std::size_t i = 0; i < steps.size(); ++i) {
      nodes_ = &nodes[i];
      if (products_[i])
        add_product(*products_[i]);
      else
        add(in_panels(std::move(steps[i])));
    }
  }

 private:
  void add(std::unique_ptr<Step> step) {
    plan_.steps.push_back(std::move(step));
    plan_.nodes.push_back(*nodes_);
  }
  /// It computes no node, but is done for the first of them.
  void add_copy(std::unique_ptr<Step> step) {
    add(std::move(step));
    if (plan_.nodes.back().size() > 1) plan_.nodes.back().resize(1);
  }

  void add_product(const WeightProduct& product) {
    const auto multiply = [&](const InPanels& a, const InPanels& b, bool is_transposed,
                              const std::optional<Nonzeros>& nonzeros) {
      add(std::make_unique<PanelProductStep>(a, b, result_of(product, is_transposed),
                                             PanelProductStep::End{product.bias, product.relu, product.mask},
                                             nonzeros));
    };
    const InPanels& weights = product.weights;
    switch (product.kind) {
      case Kind::forward: {
        const InPanels input = packed(*product.input);
        return multiply(input, weights, false, nonzeros_of(input, weights.columns));
      }
      case Kind::input_gradient: {
        const Shape& shape = product.gradient->shape;
        const std::optional<Nonzeros> nonzeros = may_zeros_be_left_out(shape[0], shape[1], weights.rows)
                                                     ? nonzeros_of(packed(*product.gradient), weights.rows)
                                                     : std::nullopt;
        return multiply(weights, packed(transposed(*product.gradient), nonzeros), true, nonzeros);
      }
      case Kind::update:
      case Kind::weight_gradient: {
        const InPanels input = packed(*product.input), gradient = packed(*product.gradient);
        const TransposedPanelProductStep::Sparse sparse{nonzeros_of(input, gradient.columns),
                                                        nonzeros_of(gradient, input.columns)};
        return add(std::make_unique<TransposedPanelProductStep>(
            input, gradient, weights, product.kind == Kind::update, product.scale, sparse));
      }
    }
  }

  [[nodiscard]] PanelProductStep::Result result_of(const WeightProduct& product, bool is_transposed) const {
    if (const std::optional<InPanels> found = values_.find(product.result->buffer))
      return {*found, is_transposed};
    return {*product.result, is_transposed};
  }

  /// The matrix in panels; where there are nonzeros, only as long as they are not few.
  InPanels packed(const View& view, const std::optional<Nonzeros>& nonzeros = std::nullopt) {
    const std::optional<InPanels> from = values_.find(view.buffer);
    if (from && view == from->view()) return *from;
    const auto found = std::ranges::find_if(
        packed_, [&](const Packed& packed) { return packed.from == view && (packed.always || nonzeros); });
    if (found != packed_.end()) return found->to;
    InPanels to{0, view.shape[0], view.shape[1]};
    const bool stays = plan_.buffers[plan_.root(view.buffer).first].stays;
    to.buffer = add_buffer(stays, elements_in_panels(to.rows, to.columns, width_));
    std::unique_ptr<Step> step;
    if (from)
      step = std::make_unique<TransposePanelsStep>(*from, to);
    else
      step = std::make_unique<PackStep>(view, to);
    if (nonzeros) step = std::make_unique<WhereDenseStep>(std::move(step), *nonzeros);
    if (stays)
      plan_.before.push_back(std::move(step));
    else
      add_copy(std::move(step));
    packed_.push_back({view, to, !nonzeros});
    return to;
  }

  BufferId add_buffer(bool lasts, std::int64_t elements) {
    Buffer buffer;
    buffer.kind = lasts ? Buffer::Kind::lasting : Buffer::Kind::arena;
    buffer.elements = elements;
    return plan_.add_buffer(std::move(buffer));
  }

  /// Of a matrix that is multiplied by one of so many columns, or whose transpose is; nothing where it is not
  /// worth finding them.
  std::optional<Nonzeros> nonzeros_of(const InPanels& matrix, std::int64_t other_columns) {
    if (!may_zeros_be_left_out(matrix.rows, matrix.columns, other_columns)) return std::nullopt;
    const auto found = std::ranges::find(nonzeros_, matrix.buffer,
                                         [](const Nonzeros& nonzeros) { return nonzeros.matrix.buffer; });
    if (found != nonzeros_.end()) return *found;
    const std::int64_t elements = Nonzeros::bytes(matrix.rows, matrix.columns) / bytes_of_element_;
    const bool lasts = plan_.buffers[matrix.buffer].kind == Buffer::Kind::lasting;
    const Nonzeros nonzeros{matrix, contiguous_view(add_buffer(lasts, elements), {elements})};
    if (lasts)
      plan_.before.push_back(std::make_unique<NonzerosStep>(nonzeros));
    else
      add_copy(std::make_unique<NonzerosStep>(nonzeros));
    nonzeros_.push_back(nonzeros);
    return nonzeros;
  }

  /// The step, which reads and writes values as they lie.
  [[nodiscard]] std::unique_ptr<Step> in_panels(std::unique_ptr<Step> step) const {
    if (const auto* sum = dynamic_cast<const ReductionStep*>(step.get()); sum != nullptr) {
      const std::optional<InPanels> x = values_.find(sum->reads().front().buffer);
      if (x) return std::make_unique<PanelSumStep>(*x, sum->writes().front());
    } else if (const auto* group = dynamic_cast<const ElementwiseStep*>(step.get()); group != nullptr) {
      return in_panels(*group, std::move(step));
    }
    return step;
  }

  /// What fills the panels up is computed, too, and is used for nothing else.
  [[nodiscard]] std::unique_ptr<Step> in_panels(const ElementwiseStep& group,
                                                std::unique_ptr<Step> step) const {
    const std::vector<View> writes = group.writes();
    const std::optional<InPanels> value = values_.find(writes.front().buffer);
    if (!value) return step;
    const std::int64_t elements = elements_in_panels(value->rows, value->columns, width_);
    if (elements == group.shape().elements()) return step;  // it fills them
    return group.part(
        elements, [&](const View& view) { return contiguous_view(view.buffer, {elements}); },
        [](BufferId stored) { return stored; });
  }

  struct Packed {
    View from;
    InPanels to;
    bool always;  ///< else where there are not few nonzeros
  };

  Plan& plan_;
  std::int64_t width_, bytes_of_element_;
  const WeightProducts& products_;
  ValuesInPanels values_;
  std::vector<Nonzeros> nonzeros_;              ///< so far
  std::vector<Packed> packed_;                  ///< so far; nobody writes what they were made of afterwards
  const std::vector<NodeId>* nodes_ = nullptr;  ///< that the step computes which is replaced
};

}  // namespace

void weights_in_panels(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  WeightProducts products = find_weight_products(plan, dtype, bytes_of_element);
  if (std::ranges::none_of(products, [](const auto& product) { return product.has_value(); })) return;
  for (std::size_t i = plan.steps.size(); i-- > 0;)
    if (plan.steps[i] == nullptr) products.erase(products.begin() + static_cast<std::ptrdiff_t>(i));
  plan.drop_null_steps();
  Replacer(plan, dtype, bytes_of_element, products).run();
}

}  // namespace talweg
