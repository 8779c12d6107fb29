#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "model/data/column.hpp"

namespace talweg {

/// The column with each feature, a place in its rows, less its mean and divided by its deviation, both over
/// `count` rows: row_at(0) and so on. The deviation is that of a whole population; a feature that does not
/// change is divided by 1, and NaN is left out. Throws Error{data} where a feature has infinities or is too
/// large. REQUIRES: a column of floating numbers without one_hot.
[[nodiscard]] std::shared_ptr<const DataColumn> standardized(
    const DataColumn& column, std::int64_t count, const std::function<std::int64_t(std::int64_t)>& row_at);

}  // namespace talweg
