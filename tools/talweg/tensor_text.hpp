#pragma once

#include <string>

#include "training/records.hpp"

namespace talweg {

/// A number with the 12 significant digits that NumPy's tutorials print; integers and booleans in full.
[[nodiscard]] std::string format_element(double value, DType dtype = DType::float64);

/// A tensor in one line: "0.25", "[1, 2]", "[[1, 2], [3, 4]]".
[[nodiscard]] std::string format_inline(const NamedTensor& tensor);

/// A tensor below its name, a line a row, columns aligned; of more than some thousand elements the shape and
/// the first ones.
[[nodiscard]] std::string format_report(const NamedTensor& tensor);

}  // namespace talweg
