#include "graph/shape.hpp"

#include <algorithm>
#include <talweg/error.hpp>

namespace talweg {

Shape::Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) {
  for (std::int64_t size : sizes) append(size);
}

Shape Shape::checked(std::span<const std::int64_t> sizes) {
  if (sizes.size() > kMaximumRank)
    throw Error(Status::model, "a shape of " + std::to_string(sizes.size()) + " axes; at most " +
                                   std::to_string(kMaximumRank) + " are possible");
  std::int64_t elements = 1;
  for (std::int64_t size : sizes) {
    if (size < 0) throw Error(Status::model, "a shape holds the negative size " + std::to_string(size));
    if (size != 0 && elements > kMaximumElements / size) elements = kMaximumElements + 1;
    if (elements <= kMaximumElements && size != 0) elements *= size;
  }
  const Shape shape(sizes);
  if (elements > kMaximumElements)
    throw Error(Status::model, "shape " + to_string(shape) + " has more than " +
                                   std::to_string(kMaximumElements) + " elements");
  return shape;
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (std::int64_t size : sizes()) product *= size;
  return product;
}

void Shape::append(std::int64_t size) {
  if (rank_ == kMaximumRank)
    throw Error(Status::model, "more than " + std::to_string(kMaximumRank) + " axes in one tensor");
  sizes_[static_cast<std::size_t>(rank_++)] = size;
}

bool operator==(const Shape& a, const Shape& b) { return std::ranges::equal(a.sizes(), b.sizes()); }

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (int axis = 0; axis < shape.rank(); ++axis)
    text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + (shape.rank() == 1 ? ",)" : ")");
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape result;
  for (int axis = 0; axis < rank; ++axis) {
    const int in_a = axis - (rank - a.rank()), in_b = axis - (rank - b.rank());
    const std::int64_t size_a = in_a < 0 ? 1 : a[in_a], size_b = in_b < 0 ? 1 : b[in_b];
    if (size_a != size_b && size_a != 1 && size_b != 1) return std::nullopt;
    result.append(size_a == 1 ? size_b : size_a);
  }
  return result;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = shape[axis] == 1 ? 0 : stride;
    stride *= shape[axis];
  }
  return strides;
}

int normalize_axis(std::int64_t axis, int rank, const std::string& where) {
  if (axis < -rank || axis >= rank)
    throw Error(Status::model, where + ": axis " + std::to_string(axis) + " is outside a tensor with " +
                                   std::to_string(rank) + (rank == 1 ? " axis" : " axes"));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<std::int64_t> normalize_axes(const std::optional<std::vector<std::int64_t>>& axes, int rank,
                                         const std::string& where) {
  std::vector<std::int64_t> result;
  if (!axes) {
    for (int axis = 0; axis < rank; ++axis) result.push_back(axis);
    return result;
  }
  for (std::int64_t axis : *axes) result.push_back(normalize_axis(axis, rank, where));
  std::ranges::sort(result);
  if (std::ranges::adjacent_find(result) != result.end())
    throw Error(Status::model, where + ": an axis is named twice");
  return result;
}

}  // namespace talweg
