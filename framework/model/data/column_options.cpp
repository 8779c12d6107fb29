#include "model/data/column_options.hpp"

#include <algorithm>
#include <utility>

#include "support/numbers.hpp"

namespace talweg {
namespace {

DType dtype_of(const ElementFormat& format, DType floating) {
  switch (format.kind) {
    case ElementFormat::Kind::boolean:
      return DType::boolean;
    case ElementFormat::Kind::floating:
      return floating;
    default:
      return DType::int64;
  }
}

/// Gives an example the shape that the options ask for. A vector of single numbers is cut into examples.
void apply_shape(StoredRows& stored, const Shape& shape) {
  RawRows& raw = stored.raw;
  const std::int64_t elements = shape.elements();
  if (elements != raw.row_elements) {
    const bool divides = stored.example.rank() == 0 && elements > 0 && raw.rows % elements == 0;
    if (!divides)
      throw data_error(stored.data, stored.example.rank() == 0
                                        ? "it holds " + count(raw.rows, "number") +
                                              ", which are no whole examples of shape " + to_string(shape)
                                        : "an example of it has shape " + to_string(stored.example) + ", " +
                                              count(raw.row_elements, "element") +
                                              "; the model's shape for it is " + to_string(shape));
    raw.rows /= elements;
    raw.row_elements = elements;
    raw.row_stride *= elements;
  }
  stored.example = shape;
}

void apply_rows(StoredRows& stored, const RowRange& range) {
  RawRows& raw = stored.raw;
  const auto from_front = [&](std::optional<std::int64_t> at, std::int64_t otherwise) {
    return at ? (*at < 0 ? *at + raw.rows : *at) : otherwise;
  };
  const std::int64_t begin = from_front(range.begin, 0), end = from_front(range.end, raw.rows);
  if (begin < 0 || end > raw.rows || begin >= end)
    throw data_error(stored.data, "it has " + count(raw.rows, "row") + "; the model takes rows " +
                                      std::to_string(begin) + " up to " + std::to_string(end));
  raw.first += begin * raw.row_stride;
  if (raw.offset) *raw.offset += begin * raw.row_stride;
  raw.first_row += begin;
  raw.rows = end - begin;
}

Shape shape_of(const StoredRows& stored, std::int64_t one_hot) {
  std::vector<std::int64_t> sizes(stored.example.begin(), stored.example.end());
  if (!stored.scalar) sizes.insert(sizes.begin(), stored.raw.rows);
  if (one_hot > 0) sizes.push_back(one_hot);
  return stored_shape(stored.data, sizes);
}

}  // namespace

StoredRows rows_of(StoredArray array, DType floating) {
  StoredRows stored;
  const Shape& shape = array.shape;
  stored.scalar = shape.rank() == 0;
  stored.example = Shape(shape.sizes().subspan(stored.scalar ? 0 : 1));
  stored.dtype = dtype_of(array.format, floating);
  RawRows& raw = stored.raw;
  raw.owner = array.data.owner;
  raw.first = array.data.bytes.data() + array.begin;
  raw.format = array.format;
  raw.rows = stored.scalar ? 1 : shape[0];
  raw.row_elements = stored.example.elements();
  raw.row_stride = raw.row_elements * array.format.bytes;
  raw.mapping = array.data.mapping;
  raw.file = array.data.file;
  if (array.data.part.empty()) raw.offset = static_cast<std::int64_t>(array.begin);
  stored.data = std::move(array.data);
  return stored;
}

StoredRows rows_of(StoredText text, std::optional<std::int64_t> window, std::int64_t stride) {
  StoredRows stored = rows_of(std::move(text.characters), DType::float64);
  stored.table = std::move(text.table);
  stored.texts = std::move(text.alphabet);
  if (!window) return stored;
  RawRows& raw = stored.raw;
  if (raw.rows < *window)
    throw data_error(stored.data, "it has " + count(raw.rows, "character") + ", fewer than a window of " +
                                      std::to_string(*window));
  stored.example = {*window};
  raw.rows = (raw.rows - *window) / stride + 1;
  raw.row_elements = *window;
  raw.row_stride = stride * raw.format.bytes;
  return stored;
}

StoredRows rows_of(StoredTable table, bool one_column, DType floating) {
  StoredRows stored = rows_of(std::move(table.cells), floating);
  if (table.integers) stored.dtype = DType::int64;
  if (one_column) stored.example = {};
  stored.texts = std::move(table.categories);
  return stored;
}

std::shared_ptr<const DataColumn> make_column(StoredRows stored, const ColumnOptions& options,
                                              DType floating) {
  if (options.shape) apply_shape(stored, *options.shape);
  if (stored.raw.rows == 0 || stored.raw.row_elements == 0)
    throw data_error(stored.data, "it holds no values: its shape is " + to_string(shape_of(stored, 0)));
  if (options.rows) apply_rows(stored, *options.rows);
  const std::int64_t classes = std::max(options.classes, options.one_hot);
  if (classes > 0 && static_cast<std::int64_t>(stored.texts.size()) > classes)
    throw data_error(stored.data, "it has " + std::to_string(stored.texts.size()) +
                                      " distinct values; the model has " + std::to_string(classes) +
                                      " classes");
  const bool scaled = options.scale || options.offset;
  const bool becomes_floating = scaled || options.one_hot > 0 || options.standardize;
  const DType own = becomes_floating ? floating : options.classes > 0 ? DType::int64 : stored.dtype;
  const DType dtype = options.dtype.value_or(own);
  Conversion conversion;
  conversion.table = std::move(stored.table);
  if (scaled) {
    conversion.scale = {options.scale.value_or(1)};
    conversion.offset = {options.offset.value_or(0)};
  }
  conversion.one_hot = options.one_hot;
  conversion.texts = std::move(stored.texts);
  const Shape shape = shape_of(stored, options.one_hot);
  auto column = std::make_shared<const DataColumn>(std::move(stored.raw), shape, dtype, std::move(conversion),
                                                   AllowedValues{options.allow_nan, classes});
  column->check_when_loaded(floating);
  return column;
}

}  // namespace talweg
