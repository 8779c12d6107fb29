#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/data/stored_array.hpp"

namespace talweg {

/// What is read of a table.
struct CsvRequest {
  std::vector<std::string> columns;  ///< by name, or by number from 0 where there is no header; empty: all
  bool header = true;                ///< the first line has the names
  char delimiter = ',';
  /// Cells are texts, which become their place in this list; an empty list: in the sorted distinct texts.
  std::optional<std::vector<std::string>> categories;
  AllowedValues allowed;
};

/// Columns of a table, as doubles of shape (rows, columns).
struct StoredTable {
  StoredArray cells;
  bool integers = false;                ///< every cell is written as one
  std::vector<std::string> categories;  ///< what the integers mean, where texts were asked for
};

/// A table of comma-separated values (RFC 4180): a line a row, cells in quotes where they hold commas, quotes
/// (written twice) or line breaks. Throws Error{data} with file, line and column where lines differ in
/// length, a cell is not what was asked for or a value not allowed, or a column is not there.
[[nodiscard]] StoredTable read_csv(const DataBytes& data, const CsvRequest& request);
/// Has the first line a cell that is no number?
[[nodiscard]] bool has_header(const DataBytes& data, char delimiter);

}  // namespace talweg
