#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/source.hpp"

namespace talweg {

/// A part of a model's examples, such as "train" or "validation".
struct Split {
  std::string name;
  std::int64_t first = 0, count = 0;  ///< rows of the data, before they are shuffled
};

/// How the examples of a model, the rows of all its data, are divided: into splits, and those into batches.
struct Examples {
  static constexpr std::string_view kTrain = "train", kValidation = "validation", kTest = "test";

  std::int64_t rows = 0;
  std::int64_t batch = 0;  ///< rows of a training step, but for the last of an epoch, which may have fewer
  bool split_shuffled = false;  ///< the rows are divided in a random order that the seed decides
  std::vector<Split> splits;    ///< "train" first

  /// Null where there is none of that name.
  [[nodiscard]] const Split* find(std::string_view name) const {
    for (const Split& split : splits)
      if (split.name == name) return &split;
    return nullptr;
  }
  [[nodiscard]] const Split& train() const { return splits.front(); }
  [[nodiscard]] std::int64_t steps_per_epoch() const { return (train().count + batch - 1) / batch; }
};

}  // namespace talweg
