#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace talweg {

/// What a node has to do with the examples of a batch.
struct ExampleAxis {
  enum class Kind : std::uint8_t {
    none,  ///< nothing: it depends on no data
    each,  ///< along `axis` the examples follow one another, and what stands at one depends on it alone
    all    ///< it depends on several at once, or is not known to do less
  };
  Kind kind = Kind::none;
  int axis = 0;

  friend bool operator==(const ExampleAxis&, const ExampleAxis&) = default;
};

/// By node. `data` are leaves whose first axis is the examples. An axis may also hold so many elements of
/// each example, one example after the other.
[[nodiscard]] std::vector<ExampleAxis> example_axes(const Graph& graph, std::span<const NodeId> data,
                                                    std::int64_t examples);

}  // namespace talweg
