#include "tensor_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "support/numbers.hpp"
#include "support/table.hpp"

namespace talweg {
namespace {

constexpr int kDigits = 12;
constexpr std::int64_t kMaximumElements = 2000;

std::string format_axis(const NamedTensor& tensor, int axis, std::size_t& next) {
  if (axis == tensor.shape.rank()) return format_element(tensor.values[next++], tensor.dtype);
  std::string text = "[";
  for (std::int64_t i = 0; i < tensor.shape[axis]; ++i)
    text += (i == 0 ? "" : ", ") + format_axis(tensor, axis + 1, next);
  return text + "]";
}

}  // namespace

std::string format_element(double value, DType dtype) {
  if (dtype == DType::boolean) return value != 0 ? "True" : "False";
  if (!std::isfinite(value)) return format_number(value);
  char text[32];
  const auto [end, problem] =
      dtype == DType::int64
          ? std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(value))
          : std::to_chars(text, text + sizeof text, value, std::chars_format::general, kDigits);
  return {text, end};
}

std::string format_inline(const NamedTensor& tensor) {
  std::size_t next = 0;
  return format_axis(tensor, 0, next);
}

std::string format_report(const NamedTensor& tensor) {
  const Shape& shape = tensor.shape;
  if (shape.rank() == 0) return tensor.name + "  " + format_inline(tensor) + "\n";
  std::string text = tensor.name + "\n";
  const std::int64_t elements = shape.elements(),
                     columns = std::max<std::int64_t>(1, shape[shape.rank() - 1]);
  const std::int64_t shown =
      elements > kMaximumElements ? std::max<std::int64_t>(1, 10 / columns) * columns : elements;
  std::vector<std::vector<std::string>> rows;
  for (std::int64_t i = 0; i < std::min(shown, elements); ++i) {
    if (i % columns == 0) rows.emplace_back();
    rows.back().push_back(format_element(tensor.values[static_cast<std::size_t>(i)], tensor.dtype));
  }
  text += format_table(rows, std::string(static_cast<std::size_t>(columns), 'r'), "  ");
  if (shown < elements)
    text += "  ... " + to_string(shape) + ", " + count(elements - shown, "element") + " more\n";
  return text;
}

}  // namespace talweg
