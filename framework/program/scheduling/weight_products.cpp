#include "program/scheduling/weight_products.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "program/scheduling/memory_segments.hpp"
#include "program/steps/elementwise_step.hpp"
#include "program/steps/pack_step.hpp"
#include "program/steps/product_step.hpp"

namespace talweg {
namespace {

using Kind = WeightProduct::Kind;

bool have_same_layout(const View& one, const View& other) {
  return one.shape == other.shape && one.stride(0) == other.stride(0) && one.stride(1) == other.stride(1);
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
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      take_product(i);
      take_pass(i);
    }
    for (std::size_t i = 0; i < products_.size(); ++i)
      if (products_[i] && products_[i]->result) take_end(i);
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

  [[nodiscard]] bool is_at(const View& view, const View& weights) const {
    return memory_position(plan_, view.buffer, view.offset, bytes_of_element_) ==
           memory_position(plan_, weights.buffer, weights.offset, bytes_of_element_);
  }

  /// How the step multiplies by the weights, if it does nothing else with them.
  [[nodiscard]] std::optional<WeightProduct> use(const Step& step, const View& weights) const {
    const ProductStep* product = as_product(step);
    if (product == nullptr || product->subtraction()) return std::nullopt;
    const View& right = product->right();
    if (!is_at(right, weights) || have_common(product->left(), weights)) return std::nullopt;
    WeightProduct found;
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

  /// By step: how all but `update` multiply by the weights; nothing where one does something else with them.
  [[nodiscard]] std::optional<std::map<std::size_t, WeightProduct>> uses_of(const View& weights,
                                                                            std::size_t update) const {
    std::map<std::size_t, WeightProduct> uses;
    for (std::size_t user : users_of(weights)) {
      if (user == update) continue;
      const std::optional<WeightProduct> found = use(*plan_.steps[user], weights);
      if (!found) return std::nullopt;
      uses[user] = *found;
    }
    return uses;
  }

  void set_uses(const std::map<std::size_t, WeightProduct>& uses, const InPanels& weights) {
    for (const auto& [step, use] : uses) {
      products_[step] = use;
      products_[step]->weights = weights;
    }
  }

  InPanels new_panels(Buffer::Kind kind, std::int64_t rows, std::int64_t columns) {
    InPanels panels{0, rows, columns};
    Buffer buffer;
    buffer.kind = kind;
    buffer.elements = elements_in_panels(rows, columns, width_);
    panels.buffer = plan_.add_buffer(std::move(buffer));
    return panels;
  }

  /// Is there room for so many matrices of the shape?
  [[nodiscard]] bool is_room_for(std::size_t matrices, const Shape& shape) const {
    return taken_ + static_cast<std::int64_t>(matrices) * shape.elements() <= kMostTaken;
  }

  /// What the program takes over and hands back.
  InPanels take_over(const View& matrix) {
    taken_ += matrix.shape.elements();
    const InPanels panels = new_panels(Buffer::Kind::lasting, matrix.shape[0], matrix.shape[1]);
    plan_.before.push_back(std::make_unique<PackStep>(matrix, panels));
    plan_.after.push_back(std::make_unique<UnpackStep>(panels, matrix));
    return panels;
  }

  /// Takes the weights that the step subtracts a product from.
  void take_product(std::size_t step) {
    const ProductStep* product = as_product(*plan_.steps[step]);
    if (product == nullptr || !product->subtraction() || !plan_.is_callers(product->result().buffer)) return;
    const View& weights = product->result();
    if (!are_panels_faster(product->right().shape[0], weights.shape[0], weights.shape[1], width_,
                           WeightUpdate::product))
      return;
    const auto uses = uses_of(weights, step);
    const std::optional<View>& scale = product->subtraction()->scale;
    if (!uses || uses->empty() || (scale && have_common(*scale, weights)) || !is_room_for(1, weights.shape))
      return;
    WeightProduct update;
    update.kind = Kind::update;
    update.input = transposed(product->left());
    update.gradient = product->right();
    update.scale = scale;
    update.weights = take_over(weights);
    set_uses(*uses, update.weights);
    products_[step] = update;
  }

  /// Takes the weights that elementwise functions compute from a gradient, and their states.
  void take_pass(std::size_t step) {
    const auto* pass = dynamic_cast<const ElementwiseStep*>(plan_.steps[step].get());
    if (pass == nullptr || !pass->is_in_order()) return;
    const std::optional<View> gradient = find_operand(*pass);
    if (!gradient) return;
    const std::optional<std::size_t> product = find_gradient(*gradient, step);
    if (!product) return;
    const auto& multiplied = static_cast<const ProductStep&>(*plan_.steps[*product]);
    const Shape shape = multiplied.result().shape;
    std::vector<View> kept;  // the weights and the states
    std::optional<std::map<std::size_t, WeightProduct>> uses;
    std::size_t weights = 0;
    for (const View& view : pass->writes()) {
      kept.push_back(contiguous_view(view.buffer, shape, view.offset));
      const auto found = uses_of(kept.back(), step);
      if (!found || (uses && !found->empty())) return;
      if (found->empty()) continue;
      uses = found;
      weights = kept.size() - 1;
    }
    if (!uses || !are_all(*pass, *gradient, kept) || !is_room_for(kept.size(), shape)) return;
    std::vector<InPanels> taken(kept.size());
    std::ranges::transform(kept, taken.begin(), [&](const View& matrix) { return take_over(matrix); });
    set_uses(*uses, taken[weights]);
    WeightProduct& result = products_[*product].emplace();
    result.kind = Kind::weight_gradient;
    result.input = transposed(multiplied.left());
    result.gradient = multiplied.right();
    result.weights = new_panels(Buffer::Kind::arena, shape[0], shape[1]);
    const auto panels_at = [&](const View& view) {
      for (std::size_t i = 0; i < kept.size(); ++i)
        if (is_at(view, kept[i])) return taken[i].buffer;
      return result.weights.buffer;
    };
    // What fills the panels up is computed, too, and is used for nothing else.
    const std::int64_t elements = elements_in_panels(shape[0], shape[1], width_);
    plan_.steps[step] = pass->part(
        elements, [&](const View& view) { return contiguous_view(panels_at(view), {elements}); },
        [&](BufferId stored) { return panels_at(contiguous_view(stored, {shape.elements()})); });
  }

  /// What a pass that writes nothing but the caller's memory reads beside that; nothing where it reads more.
  [[nodiscard]] std::optional<View> find_operand(const ElementwiseStep& pass) const {
    if (!std::ranges::all_of(pass.writes(), [&](const View& view) { return plan_.is_callers(view.buffer); }))
      return std::nullopt;
    std::optional<View> found;
    for (const View& view : pass.views()) {
      if (is_single(view) || plan_.is_callers(view.buffer)) continue;
      if (found) return std::nullopt;
      found = view;
    }
    return found;
  }

  /// Is the gradient all that the pass reads beside what it keeps from run to run and single numbers
  /// elsewhere? What else the caller has there may change between runs.
  [[nodiscard]] bool are_all(const ElementwiseStep& pass, const View& gradient,
                             const std::vector<View>& kept) const {
    for (std::size_t i = 0; i < kept.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (have_common(kept[i], kept[j])) return false;
    return std::ranges::all_of(pass.views(), [&](const View& view) {
      if (is_single(view))
        return std::ranges::none_of(kept, [&](const View& one) { return have_common(view, one); });
      return is_at(view, gradient) ||
             std::ranges::any_of(kept, [&](const View& one) { return is_at(view, one); });
    });
  }

  /// The product that computes the gradient, for that one reader alone, if it is worth replacing and if
  /// elementwise functions can go over its panels as over its rows.
  [[nodiscard]] std::optional<std::size_t> find_gradient(const View& gradient, std::size_t reader) const {
    const std::vector<std::size_t> users = users_of(gradient);
    const Buffer& buffer = plan_.buffers[plan_.root(gradient.buffer).first];
    if (users.size() != 2 || users[1] != reader || buffer.kind != Buffer::Kind::arena || buffer.kept)
      return std::nullopt;
    const ProductStep* product = as_product(*plan_.steps[users[0]]);
    if (product == nullptr || product->subtraction() || products_[users[0]]) return std::nullopt;
    const View& result = product->result();
    if (!is_at(result, gradient) || result.shape.elements() != gradient.shape.elements() ||
        !are_panels_faster(product->right().shape[0], result.shape[0], result.shape[1], width_,
                           WeightUpdate::functions))
      return std::nullopt;
    return users[0];
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
    const auto sum = group.sum_with_row(*product.result);
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
    const std::optional<BufferId> stored = group.relu_of(*product.result);
    if (!stored || !is_planned(*stored)) return;
    product.result = contiguous_view(*stored, product.result->shape);
    product.relu = true;
    plan_.steps[reader] = nullptr;
  }

  void take_mask(WeightProduct& product, std::size_t step, std::size_t reader) {
    const auto& group = static_cast<const ElementwiseStep&>(*plan_.steps[reader]);
    const auto masked = group.masked(*product.result);
    if (!masked || !is_zero(masked->threshold) || !is_zero(masked->zero) || !is_planned(masked->stored) ||
        is_written_between(masked->mask, step, reader))
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

  /// What is taken over is in memory twice: it is not to be what a large model lacks memory for.
  static constexpr std::int64_t kMostTaken = std::int64_t{1} << 26;

  Plan& plan_;
  std::int64_t width_;
  std::size_t bytes_of_element_;
  MemorySegments segments_;
  std::vector<std::vector<std::size_t>> users_;  ///< by segment: steps, each once
  WeightProducts products_;
  std::int64_t taken_ = 0;  ///< elements
};

}  // namespace

std::vector<View> WeightProduct::matrices() const {
  std::vector<View> views;
  for (const std::optional<View>& view : {input, gradient, result, mask})
    if (view) views.push_back(*view);
  return views;
}

WeightProducts find_weight_products(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  const auto is_large_product = [](const std::unique_ptr<Step>& step) {
    return as_product(*step) != nullptr;
  };
  if (std::ranges::none_of(plan.steps, is_large_product)) return WeightProducts(plan.steps.size());
  return Finder(plan, dtype, bytes_of_element).run();
}

}  // namespace talweg
