#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "model/operand.hpp"
#include "model/place.hpp"

namespace talweg {

struct SliceIndex {
  std::optional<std::int64_t> start, stop, step;
};
struct EllipsisIndex {};
struct NewAxisIndex {};

/// One of the indices in x[...]: an integer, a slice, ..., None, or an array of positions.
struct Index {
  std::variant<std::int64_t, SliceIndex, EllipsisIndex, NewAxisIndex, Value> content;
  Span span;
};

/// x[indices] as NumPy means it. Throws Error{model}, with a place where one index is at fault.
[[nodiscard]] Value index_tensor(Value x, const std::vector<Index>& indices);

/// The elements start, start + step, ... that a slice means in `size` of them, as Python's slice.indices().
struct Extent {
  std::int64_t start, step, size;
};
[[nodiscard]] Extent extent_of(const SliceIndex& slice, std::int64_t size, const Span& place);

/// The element of a list of `size` that a Python index means, or nothing out of bounds.
[[nodiscard]] std::optional<std::int64_t> position(std::int64_t index, std::int64_t size);

}  // namespace talweg
