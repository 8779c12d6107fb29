#include "ops/reference.hpp"

namespace talweg {

Integers broadcast_strides(const Shape& from, const Shape& to) {
  Integers strides(static_cast<std::size_t>(to.rank() - from.rank()), 0);
  const Integers own = strides_of(from);
  strides.insert(strides.end(), own.begin(), own.end());
  return strides;
}

Around around(const Shape& shape, int axis) {
  Around result{1, shape[axis], 1};
  for (int i = 0; i < axis; ++i) result.outer *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) result.inner *= shape[i];
  return result;
}

std::optional<Numbers> known_values(const Node& node) {
  if (node.op->name == "constant") return Numbers{node.attributes.number("value")};
  if (node.op->name == "array") return node.attributes.numbers("values");
  return std::nullopt;
}

}  // namespace talweg
