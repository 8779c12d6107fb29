#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/data/column.hpp"
#include "model/data/csv.hpp"
#include "model/data/stored_array.hpp"
#include "model/data/text.hpp"

namespace talweg {

/// Rows as NumPy's slice begin:end takes them, but within the file.
struct RowRange {
  std::optional<std::int64_t> begin, end;  ///< counted from the end where negative
};

/// What an entry of `data:` says about its values besides where they are.
struct ColumnOptions {
  std::optional<Shape> shape;  ///< of one example
  std::optional<DType> dtype;  ///< what the values mean; in place of what they are in the file
  std::optional<double> scale, offset;
  std::int64_t one_hot = 0;
  std::int64_t classes = 0;
  std::optional<RowRange> rows;
  bool allow_nan = false;
  bool standardize = false;  ///< once it is known which rows are trained on
};

/// The rows of a file before any options.
struct StoredRows {
  DataBytes data;
  RawRows raw;
  Shape example;                   ///< of one row
  bool scalar = false;             ///< an array without axes, which is one row
  DType dtype = DType::int64;      ///< what the elements mean by themselves
  std::vector<double> table;       ///< as in Conversion
  std::vector<std::string> texts;  ///< as in Conversion
};

/// `floating` is the model's floating type.
[[nodiscard]] StoredRows rows_of(StoredArray array, DType floating);
/// Row i is the `window` characters from i * stride; without a window a row is a character. Throws
/// Error{data} where the text is shorter than a window.
[[nodiscard]] StoredRows rows_of(StoredText text, std::optional<std::int64_t> window, std::int64_t stride);

/// With one column of a table: a row is a number.
[[nodiscard]] StoredRows rows_of(StoredTable table, bool one_column, DType floating);

/// The column that rows become. Throws Error{data} where the options do not fit what the file holds. The
/// values of all but giant files are looked at; those of giant files are when they are gathered. REQUIRES:
/// options that do not contradict each other.
[[nodiscard]] std::shared_ptr<const DataColumn> make_column(StoredRows stored, const ColumnOptions& options,
                                                            DType floating);

}  // namespace talweg
