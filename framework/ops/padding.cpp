// A tensor with more elements around it.

#include "ops/padding.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

std::vector<PadWidth> widths_of(const Arguments& arguments, int rank) {
  const Integers given = arguments.integers("pad_width");
  const auto axes = static_cast<std::size_t>(rank);
  std::vector<PadWidth> widths(axes, PadWidth{0, 0});
  if (given.size() != 1 && given.size() != 2 && given.size() != 2 * axes)
    throw Error(Status::model, "pad: " + std::to_string(rank) + " axes have " + std::to_string(2 * rank) +
                                   " widths, and these are " + std::to_string(given.size()))
        .set_hint("give one width, [before, after] or [[before, after], ...] for every axis");
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::size_t at = given.size() <= 2 ? 0 : 2 * axis;
    widths[axis] = {given[at], given[given.size() == 1 ? at : at + 1]};
  }
  for (const auto& [before, after] : widths)
    if (before < 0 || after < 0 || before > Shape::kMaximumElements || after > Shape::kMaximumElements)
      throw Error(Status::model, "pad: a width is at least 0 and at most 2^40");
  return widths;
}

/// x in the midst of zeros.
Value pad_with_zeros(Value x, const std::vector<PadWidth>& widths) {
  Integers starts, shape;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto [before, after] = widths[static_cast<std::size_t>(axis)];
    starts.push_back(before);
    shape.push_back(before + x.shape()[axis] + after);
  }
  const Integers steps(starts.size(), 1);
  return emit("slice_adjoint", {x}, {{"starts", starts}, {"steps", steps}, {"shape", shape}});
}

std::int64_t remainder(std::int64_t a, std::int64_t b) { return (a % b + b) % b; }

/// The element of an axis of `size` that stands at a place before, within or behind it.
using Source = std::int64_t (*)(std::int64_t place, std::int64_t size);

std::int64_t edge(std::int64_t place, std::int64_t size) {
  return std::clamp<std::int64_t>(place, 0, size - 1);
}
std::int64_t wrap(std::int64_t place, std::int64_t size) { return remainder(place, size); }
/// The outermost element is twice there.
std::int64_t symmetric(std::int64_t place, std::int64_t size) {
  const std::int64_t at = remainder(place, 2 * size);
  return std::min(at, 2 * size - 1 - at);
}
/// It is once there.
std::int64_t reflect(std::int64_t place, std::int64_t size) {
  if (size == 1) return 0;
  const std::int64_t at = remainder(place, 2 * size - 2);
  return std::min(at, 2 * size - 2 - at);
}

Value pad_from(Value x, const std::vector<PadWidth>& widths, Source source) {
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto [before, after] = widths[static_cast<std::size_t>(axis)];
    const std::int64_t size = x.shape()[axis], padded = before + size + after;
    if (before == 0 && after == 0) continue;
    if (size == 0)
      throw Error(Status::model, "pad: axis " + std::to_string(axis) + " has no elements to pad with");
    static_cast<void>(Shape::checked(Integers{padded}));
    Numbers places;
    for (std::int64_t i = 0; i < padded; ++i) places.push_back(static_cast<double>(source(i - before, size)));
    const Value indices = x.graph().add(OpRegistry::instance().get("array"), {},
                                        {{"values", std::move(places)},
                                         {"shape", Integers{padded}},
                                         {"dtype", static_cast<std::int64_t>(DType::int64)}});
    x = emit("take", {x, indices}, {{"axis", std::int64_t{axis}}});
  }
  return x;
}

Result pad(const Arguments& arguments) {
  const Value x = arguments.tensor("x");
  const std::vector<PadWidth> widths = widths_of(arguments, x.rank());
  const std::string mode = arguments.has("mode") ? arguments.text("mode") : "constant";
  if (mode == "constant") return pad_with(x, widths, arguments.number("constant_values", 0));
  if (mode == "edge") return pad_from(x, widths, edge);
  if (mode == "wrap") return pad_from(x, widths, wrap);
  if (mode == "symmetric") return pad_from(x, widths, symmetric);
  if (mode == "reflect") return pad_from(x, widths, reflect);
  throw Error(
      Status::model,
      "pad: mode is 'constant', 'edge', 'reflect', 'symmetric' or 'wrap', and this is '" + mode + "'");
}

}  // namespace

Value pad_with(Value x, const std::vector<PadWidth>& widths, double value) {
  const Value padded = pad_with_zeros(x, widths);
  if (value == 0) return padded;
  const Value inside = pad_with_zeros(constant(x.graph(), 1, x.shape()), widths);
  return where(compare("equal", inside, 0), constant(x.graph(), value), padded);
}

void register_padding() {
  FunctionRegistry::instance().add({"pad",
                                    "x with more elements before and behind it along its axes",
                                    {{"x", ArgumentKind::tensor, true, "", "array"},
                                     {"pad_width", ArgumentKind::pairs},
                                     {"mode", ArgumentKind::text, false, "'constant'"},
                                     {"constant_values", ArgumentKind::number, false, "0"}},
                                    pad});
}

}  // namespace talweg
