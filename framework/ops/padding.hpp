#pragma once

#include <cstdint>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

/// How many elements an axis gets before its first and behind its last.
struct PadWidth {
  std::int64_t before, after;
};

/// x in the midst of elements that are all `value`; widths for each axis. REQUIRES: none is negative.
[[nodiscard]] Value pad_with(Value x, const std::vector<PadWidth>& widths, double value);

}  // namespace talweg
