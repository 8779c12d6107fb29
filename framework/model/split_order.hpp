#pragma once

#include <cstdint>

#include "model/examples.hpp"
#include "support/permutation.hpp"

namespace talweg {

/// The order in which the rows of the data are divided into splits, where they are shuffled for that.
[[nodiscard]] inline Permutation order_of_splits(const Examples& examples, std::uint32_t seed) {
  // In place of a node: these draws differ from those of every node.
  constexpr std::uint32_t kOrderOfSplits = 0xFFFFFFFDU;
  return {examples.rows, seed, kOrderOfSplits, 0};
}

}  // namespace talweg
