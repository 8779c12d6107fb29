#include "program/scheduling/values_in_panels.hpp"

#include <algorithm>

#include "program/steps/elementwise_step.hpp"
#include "program/steps/reduction_step.hpp"

namespace talweg {
namespace {

/// The buffers of all that is not a single number for the group.
std::vector<BufferId> values_of(const ElementwiseStep& group) {
  std::vector<BufferId> buffers;
  for (const std::vector<View>& views : {group.reads(), group.writes()})
    for (const View& view : views)
      if (!is_single(view)) buffers.push_back(view.buffer);
  return buffers;
}

const ElementwiseStep* as_elementwise(const Step& step) {
  const auto* group = dynamic_cast<const ElementwiseStep*>(&step);
  return group != nullptr && group->is_in_order() ? group : nullptr;
}

}  // namespace

std::vector<View> WeightProduct::matrices() const {
  std::vector<View> views;
  for (const std::optional<View>& view : {input, gradient, result, mask})
    if (view) views.push_back(*view);
  return views;
}

ValuesInPanels::ValuesInPanels(const Plan& plan, const WeightProducts& products, std::int64_t width)
    : plan_(plan), products_(products), width_(width), has_parts_(plan.buffers.size(), false) {
  for (const Buffer& buffer : plan.buffers)
    if (buffer.whole) has_parts_[*buffer.whole] = true;
  add_products();
  add_elementwise();
  remove_others();
}

std::optional<InPanels> ValuesInPanels::find(BufferId buffer) const {
  const auto found = columns_.find(buffer);
  if (found == columns_.end()) return std::nullopt;
  return InPanels{buffer, plan_.buffers[buffer].elements / found->second, found->second};
}

/// Is it all of a buffer that nobody reads in pieces or after the run?
bool ValuesInPanels::is_possible(const View& matrix) const {
  const Buffer& buffer = plan_.buffers[matrix.buffer];
  return buffer.kind == Buffer::Kind::arena && !buffer.whole && !buffer.kept && !has_parts_[matrix.buffer] &&
         is_contiguous(matrix) && buffer.elements == matrix.shape.elements() && matrix.shape[1] % width_ == 0;
}

bool ValuesInPanels::is_in_panels(const View& matrix) const {
  const auto found = columns_.find(matrix.buffer);
  return found != columns_.end() && found->second == matrix.shape[1] && is_possible(matrix);
}

void ValuesInPanels::add_products() {
  for (const std::optional<WeightProduct>& product : products_) {
    if (!product) continue;
    for (const View& matrix : product->matrices())
      if (is_possible(matrix)) columns_.emplace(matrix.buffer, matrix.shape[1]);
  }
}

/// What is computed from them, and what they are computed from.
void ValuesInPanels::add_elementwise() {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& step : plan_.steps) {
      const ElementwiseStep* group = as_elementwise(*step);
      if (group == nullptr) continue;
      const std::vector<BufferId> values = values_of(*group);
      const auto known =
          std::ranges::find_if(values, [&](BufferId value) { return columns_.contains(value); });
      if (known == values.end()) continue;
      const InPanels like = *find(*known);
      for (BufferId value : values)
        if (is_possible(contiguous_view(value, {like.rows, like.columns})))
          changed |= columns_.emplace(value, like.columns).second;
    }
  }
}

void ValuesInPanels::remove_others() {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i)
      for (const View& view : views_of(i)) {
        const BufferId root = plan_.root(view.buffer).first;
        if (columns_.contains(root) && !is_done_in_panels(i, root)) changed |= columns_.erase(root) > 0;
      }
  }
}

/// What a step reads and writes.
std::vector<View> ValuesInPanels::views_of(std::size_t step) const {
  std::vector<View> views;
  if (const std::optional<WeightProduct>& product = products_[step]) {
    views = product->matrices();
    for (const std::optional<View>& view : {product->bias, product->scale})
      if (view) views.push_back(*view);
  } else {
    views = plan_.steps[step]->reads();
    const std::vector<View> writes = plan_.steps[step]->writes();
    views.insert(views.end(), writes.begin(), writes.end());
  }
  return views;
}

bool ValuesInPanels::is_done_in_panels(std::size_t step, BufferId buffer) const {
  if (const std::optional<WeightProduct>& product = products_[step]) {
    const auto lies_well = [&](const View& view) { return view.buffer != buffer || is_in_panels(view); };
    const auto is_it = [&](const std::optional<View>& view) { return view && view->buffer == buffer; };
    if (!std::ranges::all_of(product->matrices(), lies_well) || is_it(product->bias) || is_it(product->scale))
      return false;
    return !product->mask || !(is_it(product->mask) || is_it(product->result)) ||
           (is_in_panels(*product->mask) && is_in_panels(*product->result));
  }
  if (const ElementwiseStep* group = as_elementwise(*plan_.steps[step])) {
    const std::vector<BufferId> values = values_of(*group);
    const std::int64_t columns = columns_.at(buffer);
    return std::ranges::find(values, buffer) != values.end() &&
           std::ranges::all_of(values, [&](BufferId value) {
             const auto found = columns_.find(value);
             return found != columns_.end() && found->second == columns;
           });
  }
  const auto* sum = dynamic_cast<const ReductionStep*>(plan_.steps[step].get());
  return sum != nullptr && sum->is_sum_of_rows() && sum->inner() == columns_.at(buffer) &&
         sum->reads().front().buffer == buffer && sum->writes().front().buffer != buffer;
}

}  // namespace talweg
