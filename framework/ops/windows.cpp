#include "ops/windows.hpp"

#include <algorithm>
#include <talweg/error.hpp>

#include "ops/padding.hpp"
#include "support/suggest.hpp"

namespace talweg {

WindowAxis::Elements WindowAxis::covered(std::int64_t o) const {
  Elements elements{0, kernel};
  while (elements.begin < kernel && at(o, elements.begin) < 0) ++elements.begin;
  while (elements.end > elements.begin && at(o, elements.end - 1) >= input) --elements.end;
  return elements;
}

WindowAxis::Elements WindowAxis::covering(std::int64_t k) const {
  const auto ceiling = [&](std::int64_t x) { return x <= 0 ? 0 : (x - 1) / stride + 1; };
  const std::int64_t outputs = output(), offset = padding - k * dilation;
  const std::int64_t begin = std::min(ceiling(offset), outputs);
  return {begin, std::clamp(ceiling(input + offset), begin, outputs)};
}

WindowAxes window_axes(std::array<std::int64_t, 2> image, std::array<std::int64_t, 2> kernel,
                       const Attributes& attributes) {
  WindowAxes axes{};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axes[i] = {image[i], kernel[i], attributes.integers("stride")[i], attributes.integers("padding")[i],
               attributes.integers("dilation")[i]};
    if (kernel[i] < 1 || axes[i].output() < 1)
      throw Error(Status::model, "a window of " + std::to_string(kernel[0]) + " x " +
                                     std::to_string(kernel[1]) + " does not fit into " +
                                     std::to_string(image[0]) + " x " + std::to_string(image[1]) +
                                     " with padding " + std::to_string(axes[i].padding) + " and dilation " +
                                     std::to_string(axes[i].dilation));
  }
  return axes;
}

std::array<std::int64_t, 2> plane_of(const Shape& shape) {
  return {shape[shape.rank() - 2], shape[shape.rank() - 1]};
}

WindowAxes pooling_axes(const Shape& x, const Attributes& attributes) {
  const Integers& kernel = attributes.integers("kernel");
  return window_axes(plane_of(x), {kernel[0], kernel[1]}, attributes);
}

namespace {

constexpr std::int64_t kMost = 1 << 20;

[[noreturn]] void refuse_argument(const std::string& function, const std::string& name, std::int64_t least,
                                  std::int64_t value) {
  throw Error(Status::model, function + ": " + name + " is at least " + std::to_string(least) +
                                 " and at most " + std::to_string(kMost) + ", and this is " +
                                 std::to_string(value));
}

}  // namespace

Integers pair_argument(const Arguments& arguments, const std::string& function, const std::string& name,
                       std::int64_t least, const Integers& otherwise) {
  if (!arguments.has(name)) return otherwise;
  Integers values = arguments.integers(name);
  if (values.size() == 1) values.push_back(values[0]);
  if (values.size() != 2)
    throw Error(Status::model, function + ": " + name + " is one integer or two, and these are " +
                                   std::to_string(values.size()));
  for (std::int64_t value : values)
    if (value < least || value > kMost) refuse_argument(function, name, least, value);
  return values;
}

WindowPadding padding_argument(const Arguments& arguments, const std::string& function,
                               std::array<std::int64_t, 2> image, const WindowMoves& moves) {
  const std::string name = "padding";
  if (!arguments.is_text(name)) return {pair_argument(arguments, function, name, 0, {0, 0}), {0, 0}};
  const std::string& text = arguments.text(name);
  WindowPadding padding{{0, 0}, {0, 0}};
  if (text == "valid") return padding;
  if (text != "same")
    throw Error(Status::model,
                function + ": padding is 'same', 'valid' or integers, and this is '" + text + "'")
        .set_hint(did_you_mean(text, std::vector<std::string>{"same", "valid"}));
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::int64_t positions = (image[i] + moves.stride[i] - 1) / moves.stride[i];
    const std::int64_t reach =
        (positions - 1) * moves.stride[i] + moves.dilation[i] * (moves.kernel[i] - 1) + 1;
    const std::int64_t total = std::max<std::int64_t>(reach - image[i], 0);
    padding.both[i] = total / 2;
    padding.more[i] = total % 2;
  }
  return padding;
}

Value extended(Value x, const Integers& more, double value) {
  if (more == Integers{0, 0}) return x;
  std::vector<PadWidth> widths(static_cast<std::size_t>(x.rank()), PadWidth{0, 0});
  for (std::size_t i = 0; i < more.size(); ++i) widths[widths.size() - more.size() + i].after = more[i];
  return pad_with(x, widths, value);
}

std::vector<FunctionParameter> window_parameters(const std::string& default_stride) {
  return {{"stride", ArgumentKind::integers, false, default_stride},
          {"padding", ArgumentKind::padding, false, "0"},
          {"dilation", ArgumentKind::integers, false, "1"}};
}

}  // namespace talweg
