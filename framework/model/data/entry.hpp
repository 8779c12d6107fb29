#pragma once

#include <memory>
#include <string>

#include "model/data/column.hpp"
#include "model/model_scope.hpp"

namespace talweg {

/// Reads an entry of `data:` that says where its values are: {csv: FILE}, {npy: FILE} and so on, with
/// options. `what` names it in errors. Throws Error{model} where the entry is wrong, Error{data} where
/// the file is.
[[nodiscard]] std::shared_ptr<const DataColumn> read_data_entry(ModelContext& context,
                                                                const DocumentNode& entry, std::size_t limit,
                                                                const std::string& what);

}  // namespace talweg
