#include "program/scheduling/values_in_panels.hpp"

#include <algorithm>
#include <iterator>

#include "program/steps/elementwise_step.hpp"
#include "program/steps/reduction_step.hpp"

namespace talweg {
namespace {

bool is_all_of(const View& view, const Buffer& buffer) {
  return view.offset == 0 && is_contiguous(view) && view.shape.elements() == buffer.elements;
}

/// All that is not a single number for the group.
std::vector<View> values_of(const ElementwiseStep& group) {
  std::vector<View> values;
  for (const std::vector<View>& views : {group.reads(), group.writes()})
    std::ranges::copy_if(views, std::back_inserter(values),
                         [](const View& view) { return !is_single(view); });
  return values;
}

const ElementwiseStep* as_elementwise(const Step& step) {
  const auto* group = dynamic_cast<const ElementwiseStep*>(&step);
  return group != nullptr && group->is_in_order() ? group : nullptr;
}

}  // namespace

ValuesInPanels::ValuesInPanels(const Plan& plan, const WeightProducts& products, std::int64_t width)
    : plan_(plan), products_(products), width_(width), has_parts_(plan.buffers.size(), false) {
  for (const Buffer& buffer : plan.buffers)
    if (buffer.whole) has_parts_[*buffer.whole] = true;
  add_products();
  add_elementwise();
  remove_others();
}

std::optional<InPanels> ValuesInPanels::find(BufferId buffer) const {
  const auto found = values_.find(buffer);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

bool ValuesInPanels::add(const View& matrix) {
  if (!is_possible(matrix)) return false;
  return values_.emplace(matrix.buffer, InPanels{matrix.buffer, matrix.shape[0], matrix.shape[1]}).second;
}

/// Is it all of a buffer that nobody reads in pieces or after the run?
bool ValuesInPanels::is_possible(const View& matrix) const {
  const Buffer& buffer = plan_.buffers[matrix.buffer];
  return buffer.kind == Buffer::Kind::arena && !buffer.whole && !buffer.kept && !has_parts_[matrix.buffer] &&
         is_contiguous(matrix) && buffer.elements == matrix.shape.elements() && matrix.shape[1] >= width_;
}

bool ValuesInPanels::is_in_panels(const View& matrix) const {
  const std::optional<InPanels> found = find(matrix.buffer);
  return found && found->columns == matrix.shape[1] && is_possible(matrix);
}

void ValuesInPanels::add_products() {
  for (const std::optional<WeightProduct>& product : products_) {
    if (!product) continue;
    for (const View& matrix : product->matrices()) add(matrix);
  }
}

/// What is computed from them, and what they are computed from.
void ValuesInPanels::add_elementwise() {
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& step : plan_.steps) {
      const ElementwiseStep* group = as_elementwise(*step);
      if (group == nullptr) continue;
      const std::vector<View> values = values_of(*group);
      const auto known =
          std::ranges::find_if(values, [&](const View& value) { return values_.contains(value.buffer); });
      if (known == values.end()) continue;
      const InPanels like = *find(known->buffer);
      for (const View& value : values)
        changed |= add(contiguous_view(value.buffer, {like.rows, like.columns}));
    }
  }
}

void ValuesInPanels::remove_others() {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i)
      for (const View& view : views_of(i)) {
        const BufferId root = plan_.root(view.buffer).first;
        if (values_.contains(root) && !is_done_in_panels(i, root)) changed |= values_.erase(root) > 0;
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
  const std::int64_t columns = values_.at(buffer).columns;
  if (const ElementwiseStep* group = as_elementwise(*plan_.steps[step])) {
    // All lie alike, and nobody reads one number from among them.
    const auto reads_one = [&](const View& view) { return view.buffer == buffer && is_single(view); };
    return std::ranges::none_of(group->views(), reads_one) &&
           std::ranges::all_of(values_of(*group), [&](const View& value) {
             const std::optional<InPanels> found = find(value.buffer);
             return found && found->columns == columns && is_all_of(value, plan_.buffers[value.buffer]);
           });
  }
  const auto* sum = dynamic_cast<const ReductionStep*>(plan_.steps[step].get());
  return sum != nullptr && sum->is_sum_of_rows() && sum->inner() == columns &&
         is_all_of(sum->reads().front(), plan_.buffers[buffer]) && sum->reads().front().buffer == buffer &&
         sum->writes().front().buffer != buffer;
}

}  // namespace talweg
