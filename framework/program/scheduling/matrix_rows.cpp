#include "program/scheduling/matrix_rows.hpp"

#include <algorithm>
#include <utility>

#include "program/elementwise_functions.hpp"

namespace talweg {
namespace {

bool is_small(std::int64_t number, std::int64_t columns) {
  constexpr std::int64_t kMostRows = 16, kMostColumns = 4096;
  return number > 0 && number <= kMostRows && columns > 1 && columns <= kMostColumns;
}

}  // namespace

std::optional<GroupRows> RowFinder::rows_of(const ElementwiseStep& group) const {
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

std::optional<ProductRows> RowFinder::rows_of(const ProductStep& product) const {
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
    found.scale = rows(product.subtraction()->scale, 1, 0, 1);
  }
  return found;
}

std::optional<SumOfRows> RowFinder::rows_of(const ReductionStep& step) const {
  const std::int64_t number = step.reduced(), columns = step.inner();
  if (bytes_of_element_ != sizeof(double) || !step.is_sum_of_rows() || !is_small(number, columns))
    return std::nullopt;
  return SumOfRows{columns, rows(step.reads().front(), number, columns, columns),
                   rows(step.writes().front(), 1, columns, columns)};
}

MatrixRows RowFinder::rows(const View& view, std::int64_t number, std::int64_t between,
                           std::int64_t columns) const {
  const auto [root, offset] = plan_.root(view.buffer);
  const std::int64_t at = offset + view.offset;
  const bool external = plan_.buffers[root].kind == Buffer::Kind::external;
  ElementPosition first{external ? 0 : root + std::size_t{1}, at};
  if (external)
    first.element += static_cast<std::int64_t>(
        reinterpret_cast<std::uintptr_t>(plan_.buffers[root].external) / bytes_of_element_);
  return {root, first, number, between, columns, at};
}

}  // namespace talweg
