#include "model/data/description.hpp"

#include <utility>

namespace talweg {

ColumnDescription describe(const DataColumn& column) {
  const Conversion& conversion = column.conversion();
  std::vector<std::int64_t> sizes(column.shape().begin(), column.shape().end());
  if (!sizes.empty()) sizes.erase(sizes.begin());
  if (conversion.one_hot > 0) sizes.pop_back();
  return {Shape(sizes),       column.dtype(),   conversion.scale, conversion.offset,
          conversion.one_hot, column.allowed(), conversion.texts};
}

std::shared_ptr<const DataColumn> with_scale(const DataColumn& column, std::vector<double> scale,
                                             std::vector<double> offset) {
  Conversion conversion = column.conversion();
  conversion.scale = std::move(scale);
  conversion.offset = std::move(offset);
  return std::make_shared<const DataColumn>(column.raw(), column.shape(), column.dtype(),
                                            std::move(conversion), column.allowed());
}

std::shared_ptr<const DataColumn> placeholder(const ColumnDescription& description, std::int64_t rows) {
  RawRows raw;
  raw.row_elements = description.example.elements();
  raw.rows = rows;
  raw.row_stride = 0;  // all of them are one row
  auto zeros = std::make_shared<std::vector<double>>(static_cast<std::size_t>(raw.row_elements));
  raw.first = reinterpret_cast<const std::byte*>(zeros->data());
  raw.owner = std::move(zeros);
  std::vector<std::int64_t> sizes(description.example.begin(), description.example.end());
  sizes.insert(sizes.begin(), rows);
  if (description.one_hot > 0) sizes.push_back(description.one_hot);
  Conversion conversion;
  conversion.one_hot = description.one_hot;
  return std::make_shared<const DataColumn>(std::move(raw), Shape(sizes), description.dtype,
                                            std::move(conversion));
}

}  // namespace talweg
