#pragma once

#include <memory>
#include <vector>

#include "model/data/column.hpp"
#include "model/data/description.hpp"
#include "model/model_scope.hpp"

namespace talweg {

/// What an entry of `data:` is read into.
struct ReadData {
  std::vector<std::shared_ptr<const DataColumn>> columns;  ///< one for each of its names
  bool standardize = false;
};

/// Reads an entry of `data:` that says where its values are: {csv: FILE}, {npy: FILE} and so on, with
/// options, or which are drawn: {spirals: {}}. Throws Error{model} where the entry is wrong, Error{data}
/// where its file is. REQUIRES: its value is a mapping.
[[nodiscard]] ReadData read_data_entry(ModelContext& context, const DocumentEntry& written,
                                       std::size_t limit);

/// Reads examples in place of those of an entry, from a file whose name says its form; `like` are the
/// model's. Throws Error{data}.
[[nodiscard]] std::shared_ptr<const DataColumn> read_input(ModelContext& context,
                                                           const DocumentEntry& written,
                                                           const DataInput& input,
                                                           const ColumnDescription& like, std::size_t limit);

}  // namespace talweg
