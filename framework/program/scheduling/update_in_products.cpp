#include "program/scheduling/update_in_products.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "program/scheduling/memory_position.hpp"
#include "program/scheduling/memory_segments.hpp"
#include "program/steps/product_step.hpp"

namespace talweg {
namespace {

class Updates {
 public:
  Updates(Plan& plan, DType dtype, std::size_t bytes_of_element)
      : plan_(plan), dtype_(dtype), bytes_of_element_(bytes_of_element), segments_(plan, bytes_of_element) {
    written_.resize(segments_.count(), false);
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      for (const View& view : plan.steps[i]->reads()) ++reads_[plan.root(view.buffer).first];
      for (const View& view : plan.steps[i]->writes()) {
        const BufferId root = plan.root(view.buffer).first;
        if (plan.is_callers(root)) mark(view);
        writers_[root] = i;
      }
    }
  }

  void run() {
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const auto* pass = dynamic_cast<const ElementwiseStep*>(plan_.steps[i].get());
      if (pass == nullptr) continue;
      const auto update = pass->scaled_subtraction();
      if (!update || !is_in_place(plan_, *update, bytes_of_element_)) continue;
      const std::optional<std::size_t> product = find_product(update->g);
      if (!product) continue;
      const auto& step = static_cast<const ProductStep&>(*plan_.steps[*product]);
      plan_.steps[i] =
          step.subtracted({update->x, update->scale}, contiguous_view(update->stored, update->x.shape));
      plan_.steps[*product] = nullptr;
      std::vector<NodeId>& nodes = plan_.nodes[*product];
      nodes.insert(nodes.end(), plan_.nodes[i].begin(), plan_.nodes[i].end());
      plan_.nodes[i] = std::exchange(nodes, {});
    }
    plan_.drop_null_steps();
  }

 private:
  void mark(const View& view) {
    const MemorySegments::Range range = segments_.of(view);
    std::fill(written_.begin() + static_cast<std::ptrdiff_t>(range.begin),
              written_.begin() + static_cast<std::ptrdiff_t>(range.end), true);
  }

  [[nodiscard]] bool is_written(const View& view) const {
    const MemorySegments::Range range = segments_.of(view);
    return std::find(written_.begin() + static_cast<std::ptrdiff_t>(range.begin),
                     written_.begin() + static_cast<std::ptrdiff_t>(range.end),
                     true) != written_.begin() + static_cast<std::ptrdiff_t>(range.end);
  }

  /// The step that computes all of the gradient, for this one reader: a product that can as well be computed
  /// later, since it reads no memory of the caller's that a step writes.
  [[nodiscard]] std::optional<std::size_t> find_product(const View& g) const {
    const auto [root, offset] = plan_.root(g.buffer);
    const Buffer& buffer = plan_.buffers[root];
    if (buffer.kind != Buffer::Kind::arena || buffer.kept || reads_.at(root) != 1 ||
        buffer.elements != g.shape.elements())
      return std::nullopt;
    const std::size_t writer = writers_.at(root);
    const auto* step = dynamic_cast<const ProductStep*>(plan_.steps[writer].get());
    if (step == nullptr || !step->is_subtractable(dtype_) ||
        step->writes().front().shape.elements() != buffer.elements ||
        std::ranges::any_of(step->reads(), [&](const View& view) { return is_written(view); }))
      return std::nullopt;
    return writer;
  }

  Plan& plan_;
  DType dtype_;
  std::size_t bytes_of_element_;
  MemorySegments segments_;
  std::vector<bool> written_;  ///< by segment: memory of the caller's that a step writes
  std::unordered_map<BufferId, std::size_t> reads_, writers_;  ///< by root
};

}  // namespace

bool is_in_place(const Plan& plan, const ElementwiseStep::ScaledSubtraction& update,
                 std::size_t bytes_of_element) {
  return plan.is_callers(update.x.buffer) &&
         memory_position(plan, update.x.buffer, update.x.offset, bytes_of_element) ==
             memory_position(plan, update.stored, 0, bytes_of_element);
}

void update_in_products(Plan& plan, DType dtype, std::size_t bytes_of_element) {
  const auto is_subtraction = [](const std::unique_ptr<Step>& step) {
    const auto* pass = dynamic_cast<const ElementwiseStep*>(step.get());
    return pass != nullptr && pass->scaled_subtraction().has_value();
  };
  if (std::ranges::any_of(plan.steps, is_subtraction)) Updates(plan, dtype, bytes_of_element).run();
}

}  // namespace talweg
