#include "model/indexing.hpp"

#include <algorithm>
#include <limits>

#include "graph/op.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// `indices` with the ellipsis written out, so that every axis has one.
std::vector<Index> complete(const std::vector<Index>& indices, Value x) {
  std::int64_t used = 0;
  const Index* ellipsis = nullptr;
  for (const Index& index : indices) {
    if (std::holds_alternative<EllipsisIndex>(index.content)) {
      if (ellipsis != nullptr) throw error_at(index.span, "an index has a second '...'");
      ellipsis = &index;
    } else if (!std::holds_alternative<NewAxisIndex>(index.content)) {
      ++used;
    }
  }
  if (used > x.rank())
    throw error_at(indices.back().span,
                   count(used, "index", "indices") + " for a tensor of shape " + to_string(x.shape()));
  std::vector<Index> result;
  const auto fill = [&] {
    for (std::int64_t i = used; i < x.rank(); ++i) result.push_back({SliceIndex{}, indices.back().span});
  };
  for (const Index& index : indices) {
    if (&index == ellipsis)
      fill();
    else
      result.push_back(index);
  }
  if (ellipsis == nullptr) fill();
  return result;
}

}  // namespace

Extent extent_of(const SliceIndex& slice, std::int64_t size, const Span& place) {
  const std::int64_t step = slice.step.value_or(1);
  if (step == 0) throw error_at(place, "a slice has step 0");
  if (step == std::numeric_limits<std::int64_t>::min())
    throw error_at(place, "the step of a slice is too large");
  const bool down = step < 0;
  const std::int64_t low = down ? -1 : 0, high = down ? size - 1 : size;
  const auto bound = [&](std::int64_t at) { return std::clamp(at < 0 ? at + size : at, low, high); };
  const std::int64_t start = slice.start ? bound(*slice.start) : (down ? high : low);
  const std::int64_t stop = slice.stop ? bound(*slice.stop) : (down ? low : high);
  const std::int64_t distance = down ? start - stop : stop - start;
  const std::int64_t stride = down ? -step : step;
  return {start, step, distance <= 0 ? 0 : (distance - 1) / stride + 1};
}

std::optional<std::int64_t> position(std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size) return std::nullopt;
  return index < 0 ? index + size : index;
}

Value index_tensor(Value x, const std::vector<Index>& indices) {
  const Index* array = nullptr;
  const Index* integer = nullptr;
  int array_axis = 0;
  Integers starts, steps, sizes, shape;
  const std::vector<Index> full = complete(indices, x);
  for (const Index& index : full) {
    if (std::holds_alternative<NewAxisIndex>(index.content)) {
      shape.push_back(1);
      continue;
    }
    const auto axis = static_cast<int>(starts.size());
    const std::int64_t size = x.shape()[axis];
    Extent extent{0, 1, size};
    if (const auto* whole = std::get_if<std::int64_t>(&index.content)) {
      const std::optional<std::int64_t> at = position(*whole, size);
      if (!at)
        throw error_at(index.span, "index " + std::to_string(*whole) + " is out of bounds for axis " +
                                       std::to_string(axis) + " of size " + std::to_string(size));
      extent = {*at, 1, 1};
      integer = &index;
    } else {
      if (const auto* slice = std::get_if<SliceIndex>(&index.content))
        extent = extent_of(*slice, size, index.span);
      else if (array != nullptr)
        throw error_at(index.span, "an index holds a second array");
      else
        array = &index;
      if (array == &index) array_axis = static_cast<int>(shape.size());
      shape.push_back(extent.size);
    }
    starts.push_back(extent.start);
    steps.push_back(extent.step);
    sizes.push_back(extent.size);
  }
  if (array != nullptr && integer != nullptr)
    throw error_at(integer->span, "an index mixes an array and an integer")
        .set_hint("index twice: x[i][:, array]");
  const bool whole =
      Shape(sizes) == x.shape() && std::ranges::all_of(steps, [](auto step) { return step == 1; });
  const Value part = whole ? x : slice(x, starts, steps, sizes);
  const Value shaped = reshape(part, Shape::checked(shape));
  if (array == nullptr) return shaped;
  return emit("take", {shaped, std::get<Value>(array->content)}, {{"axis", std::int64_t{array_axis}}});
}

}  // namespace talweg
