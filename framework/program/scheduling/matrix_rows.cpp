#include "program/scheduling/matrix_rows.hpp"

#include <algorithm>
#include <utility>

#include "program/elementwise_functions.hpp"
#include "program/scheduling/memory_position.hpp"

namespace talweg {
namespace {

bool is_small(std::int64_t number, std::int64_t columns) {
  constexpr std::int64_t kMostRows = 16, kMostColumns = 4096;
  return number > 0 && number <= kMostRows && columns > 1 && columns <= kMostColumns;
}

}  // namespace

std::optional<StepRows> RowFinder::rows_of(const Step& step) const {
  if (const auto* group = dynamic_cast<const ElementwiseStep*>(&step)) return of_group(*group);
  if (const auto* product = dynamic_cast<const ProductStep*>(&step)) return of_product(*product);
  if (const auto* reduction = dynamic_cast<const ReductionStep*>(&step)) return of_reduction(*reduction);
  return std::nullopt;
}

std::optional<GroupRows> RowFinder::of_group(const ElementwiseStep& group) const {
  const Shape& shape = group.shape();
  if (shape.rank() < 1 || shape.rank() > 2) return std::nullopt;
  const int last = shape.rank() - 1;
  GroupRows found{group.values(), last == 0 ? 1 : shape[0], shape[last], {}, {}};
  if (!is_small(found.number, found.columns) ||
      !std::ranges::all_of(group.values(), is_simple, &ElementwiseStep::Value::function))
    return std::nullopt;
  for (const View& view : group.views()) {
    const std::int64_t stride = view.stride(last);
    if (stride != 0 && stride != 1) return std::nullopt;
    found.views.push_back(
        rows(view, found.number, last == 0 ? 0 : view.stride(0), stride == 0 ? 1 : found.columns));
  }
  for (const ElementwiseStep::Value& value : group.values())
    if (value.stored)
      found.results.push_back(
          rows(contiguous_view(*value.stored, shape), found.number, found.columns, found.columns));
  return found;
}

std::optional<ProductRows> RowFinder::of_product(const ProductStep& product) const {
  View a = product.left(), b = product.right(), c = product.result();
  if (c.shape.rank() != 2 || product.is_large()) return std::nullopt;
  if (c.shape[1] == 1) {
    // Of one column the kernels compute the transpose, too, where that has contiguous rows.
    if (a.stride(0) != 1) return std::nullopt;
    std::swap(a, b);
    for (View* view : {&a, &b, &c}) *view = transpose(*view, {1, 0});
  }
  const std::int64_t number = c.shape[0], columns = c.shape[1], terms = a.shape[1];
  if (!is_small(number, columns) || !is_small(terms, columns)) return std::nullopt;
  ProductRows found{
      number, columns, {}, rows(b, terms, b.stride(0), columns), rows(c, number, columns, columns), {}, {}};
  for (std::int64_t term = 0; term < terms; ++term) {
    found.left.push_back(rows(a, number, a.stride(0), 1));
    a.offset += a.stride(1);
  }
  if (product.subtraction()) {
    found.from = rows(product.subtraction()->from, number, columns, columns);
    if (const auto& scale = product.subtraction()->scale) found.scale = rows(*scale, 1, 0, 1);
  }
  return found;
}

std::optional<SumOfRows> RowFinder::of_reduction(const ReductionStep& step) const {
  const std::int64_t number = step.reduced(), columns = step.inner();
  if (bytes_of_element_ != sizeof(double) || !step.is_sum_of_rows() || !is_small(number, columns))
    return std::nullopt;
  return SumOfRows{columns, rows(step.reads().front(), number, columns, columns),
                   rows(step.writes().front(), 1, columns, columns)};
}

MatrixRows RowFinder::rows(const View& view, std::int64_t number, std::int64_t between,
                           std::int64_t columns) const {
  const auto [root, offset] = plan_.root(view.buffer);
  const auto [space, byte] = memory_position(plan_, view.buffer, view.offset, bytes_of_element_);
  return {root,    {space, static_cast<std::int64_t>(byte / bytes_of_element_)},
          number,  between,
          columns, offset + view.offset};
}

}  // namespace talweg
