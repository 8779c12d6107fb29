#include "program/scheduling/weights_in_panels.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "program/scheduling/memory_segments.hpp"
#include "program/scheduling/values_in_panels.hpp"
#include "program/steps/elementwise_step.hpp"
#include "program/steps/pack_step.hpp"
#include "program/steps/panel_product_step.hpp"
#include "program/steps/product_step.hpp"
#include "program/steps/reduction_step.hpp"

namespace talweg {
namespace {

using Kind = WeightProduct::Kind;

View transposed(const View& view) { return transpose(view, Integers{1, 0}); }

bool have_same_layout(const View& one, const View& other) {
  return one.shape == other.shape && one.stride(0) == other.stride(0) && one.stride(1) == other.stride(1);
}

bool are_same(const View& one, const View& other) {
  return one.buffer == other.buffer && one.offset == other.offset && have_same_layout(one, other);
}

const ProductStep* as_product(const Step& step) {
  const auto* product = dynamic_cast<const ProductStep*>(&step);
  return product != nullptr && product->is_large() && product->result().shape.rank() == 2 ? product : nullptr;
}

/// Finds the products that are to be replaced.
class Finder {
 public:
  Finder(Plan& plan, DType dtype, std::size_t bytes_of_element)
      : plan_(plan),
        width_(panel_width(dtype)),
        bytes_of_element_(bytes_of_element),
        segments_(plan, bytes_of_element),
        users_(segments_.count()),
        products_(plan.steps.size()) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i)
      for (const std::vector<View>& views : {plan.steps[i]->reads(), plan.steps[i]->writes()})
        for (const View& view : views)
          for_segments(view, [&](std::size_t segment) {
            if (users_[segment].empty() || users_[segment].back() != i) users_[segment].push_back(i);
          });
  }

  WeightProducts run() {
    for (const auto& step : plan_.steps)
      if (const ProductStep* update = as_update(*step)) take_weights(*update);
    for (std::size_t i = 0; i < products_.size(); ++i)
      if (products_[i] && products_[i]->kind != Kind::update) take_end(i);
    return std::move(products_);
  }

 private:
  template <class Work>
  void for_segments(const View& view, const Work& work) const {
    const MemorySegments::Range range = segments_.of(view);
    for (std::size_t segment = range.begin; segment < range.end; ++segment) work(segment);
  }

  /// The steps that read or write a part of it, in order.
  [[nodiscard]] std::vector<std::size_t> users_of(const View& view) const {
    std::vector<std::size_t> users;
    for_segments(view, [&](std::size_t segment) {
      users.insert(users.end(), users_[segment].begin(), users_[segment].end());
    });
    std::ranges::sort(users);
    users.erase(std::unique(users.begin(), users.end()), users.end());
    return users;
  }

  [[nodiscard]] bool have_common(const View& one, const View& other) const {
    const MemorySegments::Range a = segments_.of(one), b = segments_.of(other);
    return a.begin < b.end && b.begin < a.end;
  }

  /// One that subtracts from the caller's memory and is worth to be replaced, or null.
  [[nodiscard]] const ProductStep* as_update(const Step& step) const {
    const ProductStep* product = as_product(step);
    if (product == nullptr || !product->subtraction()) return nullptr;
    const View& to = product->result();
    return plan_.buffers[plan_.root(to.buffer).first].kind == Buffer::Kind::external &&
                   are_panels_faster(product->right().shape[0], to.shape[0], to.shape[1], width_)
               ? product
               : nullptr;
  }

  [[nodiscard]] bool is_at(const View& view, const View& weights) const {
    return memory_position(plan_, view.buffer, view.offset, bytes_of_element_) ==
           memory_position(plan_, weights.buffer, weights.offset, bytes_of_element_);
  }

  /// What the step does with the weights, which are updated by that one, if it is one of those things.
  [[nodiscard]] std::optional<WeightProduct> use(const Step& step, const ProductStep& update) const {
    const ProductStep* product = as_product(step);
    if (product == nullptr) return std::nullopt;
    WeightProduct found;
    if (product == &update) {
      found.kind = Kind::update;
      found.input = transposed(product->left());
      found.gradient = product->right();
      found.scale = product->subtraction()->scale;
      return found;
    }
    const View &weights = update.result(), &right = product->right();
    if (product->subtraction() || !is_at(right, weights) || have_common(product->left(), weights))
      return std::nullopt;
    found.result = product->result();
    if (have_same_layout(right, weights)) {
      found.kind = Kind::forward;
      found.input = product->left();
    } else if (have_same_layout(right, transposed(weights))) {
      found.kind = Kind::input_gradient;
      found.gradient = product->left();
    } else {
      return std::nullopt;
    }
    return found;
  }

  /// Takes those that the step updates, if nobody needs them elsewhere.
  void take_weights(const ProductStep& update) {
    const View& matrix = update.result();
    const std::vector<std::size_t> users = users_of(matrix);
    std::vector<WeightProduct> uses;
    for (std::size_t user : users) {
      const std::optional<WeightProduct> found = use(*plan_.steps[user], update);
      if (!found) return;
      uses.push_back(*found);
    }
    if (users.size() < 2) return;
    InPanels panels{0, matrix.shape[0], matrix.shape[1]};
    Buffer buffer;
    buffer.kind = Buffer::Kind::lasting;
    buffer.elements = elements_in_panels(panels.rows, panels.columns, width_);
    panels.buffer = plan_.add_buffer(std::move(buffer));
    plan_.before.push_back(std::make_unique<PackStep>(matrix, panels));
    plan_.after.push_back(std::make_unique<UnpackStep>(panels, matrix));
    for (std::size_t i = 0; i < users.size(); ++i) {
      uses[i].weights = panels;
      products_[users[i]] = uses[i];
    }
  }

  /// Has the product do what elementwise functions would do with it, if nobody else needs it as it is: add a
  /// row, and take relu; or take the gradient of relu.
  void take_end(std::size_t step) {
    WeightProduct& product = *products_[step];
    const std::vector<std::size_t> users = users_of(*product.result);
    const BufferId root = plan_.root(product.result->buffer).first;
    if (!is_planned(root) || plan_.buffers[root].kept || users.size() != 2) return;
    const std::size_t reader = users[1];
    if (dynamic_cast<const ElementwiseStep*>(plan_.steps[reader].get()) == nullptr) return;
    if (product.kind == Kind::input_gradient)
      take_mask(product, step, reader);
    else if (take_bias(product, step, reader))
      take_relu(product, reader);
    if (plan_.steps[reader] != nullptr) return;
    std::vector<NodeId>& nodes = plan_.nodes[step];
    nodes.insert(nodes.end(), plan_.nodes[reader].begin(), plan_.nodes[reader].end());
  }

  /// Is the result still read by that step alone?
  bool take_bias(WeightProduct& product, std::size_t step, std::size_t reader) {
    const auto& group = static_cast<const ElementwiseStep&>(*plan_.steps[reader]);
    const auto sum = group.sum_with_row(product.result->buffer);
    if (!sum) return true;
    const std::optional<BufferId> stored = group.values()[sum->value].stored;
    if (is_written_between(sum->row, step, reader) || (stored && !is_planned(*stored))) return false;
    if (stored) product.result = contiguous_view(*stored, product.result->shape);
    product.bias = sum->row;
    plan_.steps[reader] = group.without(sum->value, *product.result);
    return !stored && plan_.steps[reader] != nullptr;
  }

  void take_relu(WeightProduct& product, std::size_t reader) {
    const auto& group = static_cast<const ElementwiseStep&>(*plan_.steps[reader]);
    const std::optional<BufferId> stored = group.relu_of(product.result->buffer);
    if (!stored || !is_planned(*stored)) return;
    product.result = contiguous_view(*stored, product.result->shape);
    product.relu = true;
    plan_.steps[reader] = nullptr;
  }

  void take_mask(WeightProduct& product, std::size_t step, std::size_t reader) {
    const auto& group = static_cast<const ElementwiseStep&>(*plan_.steps[reader]);
    const auto masked = group.masked(product.result->buffer);
    if (!masked || !is_zero(masked->threshold) || !is_zero(masked->zero) || is_single(masked->mask) ||
        !is_planned(masked->stored) || is_written_between(masked->mask, step, reader))
      return;
    product.mask = contiguous_view(masked->mask.buffer, product.result->shape, masked->mask.offset);
    product.result = contiguous_view(masked->stored, product.result->shape);
    plan_.steps[reader] = nullptr;
  }

  [[nodiscard]] bool is_zero(const View& view) const {
    const Buffer& buffer = plan_.buffers[view.buffer];
    return buffer.kind == Buffer::Kind::constant && buffer.values == std::vector<double>{0};
  }

  [[nodiscard]] bool is_planned(BufferId id) const {
    return plan_.buffers[plan_.root(id).first].kind == Buffer::Kind::arena;
  }

  [[nodiscard]] bool is_written_between(const View& view, std::size_t first, std::size_t last) const {
    for (std::size_t step = first; step < last; ++step)
      if (plan_.steps[step] != nullptr)
        for (const View& written : plan_.steps[step]->writes())
          if (have_common(view, written)) return true;
    return false;
  }

  Plan& plan_;
  std::int64_t width_;
  std::size_t bytes_of_element_;
  MemorySegments segments_;
  std::vector<std::vector<std::size_t>> users_;  ///< by segment: steps, each once
  WeightProducts products_;
};

/// Replaces the products, and what reads and writes their values.
class Replacer {
 public:
  Replacer(Plan& plan, DType dtype, const WeightProducts& products)
      : plan_(plan), width_(panel_width(dtype)), products_(products), values_(plan, products, width_) {}

  void run() {
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

  void add_product(const WeightProduct& product) {
    const auto multiply = [&](const InPanels& a, const InPanels& b, bool is_transposed) {
      add(std::make_unique<PanelProductStep>(
          a, b, result_of(product, is_transposed),
          PanelProductStep::End{product.bias, product.relu, product.mask}));
    };
    switch (product.kind) {
      case Kind::forward:
        return multiply(packed(*product.input), product.weights, false);
      case Kind::input_gradient:
        return multiply(product.weights, packed(transposed(*product.gradient)), true);
      case Kind::update:
        const InPanels input = packed(*product.input), gradient = packed(*product.gradient);
        return add(std::make_unique<PanelSubtractionStep>(input, gradient, *product.scale, product.weights));
    }
  }

  [[nodiscard]] PanelProductStep::Result result_of(const WeightProduct& product, bool is_transposed) const {
    if (const std::optional<InPanels> found = values_.find(product.result->buffer))
      return {*found, is_transposed};
    return {*product.result, is_transposed};
  }

  /// The matrix in panels.
  InPanels packed(const View& view) {
    const std::optional<InPanels> from = values_.find(view.buffer);
    if (from && is_contiguous(view)) return *from;
    const auto found =
        std::ranges::find_if(packed_, [&](const Packed& packed) { return are_same(packed.from, view); });
    if (found != packed_.end()) return found->to;
    InPanels to{0, view.shape[0], view.shape[1]};
    Buffer buffer;
    buffer.elements = elements_in_panels(to.rows, to.columns, width_);
    to.buffer = plan_.add_buffer(std::move(buffer));
    if (from)
      add(std::make_unique<TransposePanelsStep>(*from, to));
    else
      add(std::make_unique<PackStep>(view, to));
    packed_.push_back({view, to});
    return to;
  }

  /// The step, which reads its values as they lie.
  [[nodiscard]] std::unique_ptr<Step> in_panels(std::unique_ptr<Step> step) const {
    const auto* sum = dynamic_cast<const ReductionStep*>(step.get());
    if (sum == nullptr || !sum->is_sum_of_rows()) return step;
    const std::optional<InPanels> x = values_.find(sum->reads().front().buffer);
    if (!x) return step;
    return std::make_unique<ReductionStep>(kernels::Reduction::sum, sum->reads().front(),
                                           sum->writes().front(), x->columns / width_, x->rows, width_);
  }

  struct Packed {
    View from;
    InPanels to;
  };

  Plan& plan_;
  std::int64_t width_;
  const WeightProducts& products_;
  ValuesInPanels values_;
  std::vector<Packed> packed_;                  ///< so far: what a buffer holds is one value for a run
  const std::vector<NodeId>* nodes_ = nullptr;  ///< that the step computes which is replaced
};

}  // namespace

void weights_in_panels(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  const auto may_update = [](const std::unique_ptr<Step>& step) {
    const ProductStep* product = as_product(*step);
    return product != nullptr && product->subtraction();
  };
  if (std::ranges::none_of(plan.steps, may_update)) return;
  WeightProducts products = Finder(plan, dtype, bytes_of_element).run();
  if (std::ranges::none_of(products, [](const auto& product) { return product.has_value(); })) return;
  for (std::size_t i = plan.steps.size(); i-- > 0;)
    if (plan.steps[i] == nullptr) products.erase(products.begin() + static_cast<std::ptrdiff_t>(i));
  plan.drop_null_steps();
  Replacer(plan, dtype, products).run();
}

}  // namespace talweg
