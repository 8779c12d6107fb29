#pragma once

#include <memory>
#include <vector>

#include "model/data/column.hpp"
#include "model/model_scope.hpp"

namespace talweg {

/// The names of an entry of `data:`: X, or X and y of `X, y: {spirals: {examples: 300}}`.
[[nodiscard]] std::vector<DocumentNode> data_names(const DocumentNode& key);

/// Is it a set that is drawn and not read?
[[nodiscard]] bool is_generated(const DocumentNode& entry);
/// The names of the sets there are.
[[nodiscard]] std::vector<std::string> generated_names();

/// Draws the set: its points and its labels or values. The model's seed and the entry's names decide about
/// them. Throws Error{model} where the entry is wrong.
[[nodiscard]] std::vector<std::shared_ptr<const DataColumn>> draw_generated(ModelContext& context,
                                                                            const DocumentEntry& entry,
                                                                            std::size_t limit);

}  // namespace talweg
