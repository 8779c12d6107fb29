#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/data/column.hpp"

namespace talweg {

/// What has to be known of an entry of `data:` so that a trained model can take new examples for it.
struct ColumnDescription {
  Shape example;                      ///< of one, before `one_hot`
  DType dtype = DType::float64;       ///< int64, bool, or the model's floating type
  std::vector<double> scale, offset;  ///< as in Conversion; where it is standardized, with those statistics
  std::int64_t one_hot = 0;
  AllowedValues allowed;
  std::vector<std::string> texts;  ///< what its integers stand for: as in Conversion
};

/// By the name of the entry of `data:`.
using DataDescriptions = std::vector<std::pair<std::string, ColumnDescription>>;

[[nodiscard]] ColumnDescription describe(const DataColumn& column);

/// The column with other numbers in place of its `scale` and `offset`: as in Conversion.
[[nodiscard]] std::shared_ptr<const DataColumn> with_scale(const DataColumn& column,
                                                           std::vector<double> scale,
                                                           std::vector<double> offset);

/// A column of so many examples of zeros, for a model that is built without these data.
[[nodiscard]] std::shared_ptr<const DataColumn> placeholder(const ColumnDescription& description,
                                                            std::int64_t rows);

}  // namespace talweg
