#include "model/data/stored_array.hpp"

#include <utility>

#include "support/numbers.hpp"

namespace talweg {

Shape stored_shape(const DataBytes& data, std::span<const std::int64_t> sizes) {
  try {
    return Shape::checked(sizes);
  } catch (const Error& error) {
    throw data_error(data, "the header is wrong: " + error.message());
  }
}

StoredArray stored_array(DataBytes data, std::size_t begin, ElementFormat format, const Shape& shape) {
  const auto due = static_cast<std::size_t>(shape.elements()) * static_cast<std::size_t>(format.bytes);
  const std::size_t there = data.bytes.size() - begin;
  const std::string asked = "an array of shape " + to_string(shape) + " with elements of " +
                            count(format.bytes, "byte") + " takes " +
                            count(static_cast<std::int64_t>(due), "byte") + " behind the header";
  if (there < due)
    throw data_error(data, asked + ", and there are " + std::to_string(there))
        .set_hint("the file is cut short, or its header is wrong");
  if (there > due)
    throw data_error(data, begin + due, asked + ", and there are " + std::to_string(there))
        .set_hint("something else follows the array, or the header is wrong");
  return {std::move(data), begin, format, shape};
}

}  // namespace talweg
