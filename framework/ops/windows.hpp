#pragma once

#include <array>
#include <string>
#include <vector>

#include "graph/function.hpp"
#include "graph/op.hpp"

namespace talweg {

// What convolution and pooling share: windows that move over the last two axes of a tensor.

/// Along one axis: output o covers the inputs o * stride - padding + k * dilation for 0 <= k < kernel.
struct WindowAxis {
  std::int64_t input, kernel, stride, padding, dilation;

  /// Positions of the window, as PyTorch counts them; less than 1 where it does not fit.
  [[nodiscard]] std::int64_t output() const {
    const std::int64_t room = input + 2 * padding - dilation * (kernel - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
  }
  /// The input that element k of the window at o covers; outside [0, input) in the padding.
  [[nodiscard]] std::int64_t at(std::int64_t o, std::int64_t k) const {
    return o * stride - padding + k * dilation;
  }
  [[nodiscard]] bool covers(std::int64_t o, std::int64_t k) const {
    const std::int64_t place = at(o, k);
    return place >= 0 && place < input;
  }
  /// A range of positions: [begin, end).
  struct Elements {
    std::int64_t begin, end;
  };
  /// The elements of the window at o that are not in the padding.
  [[nodiscard]] Elements covered(std::int64_t o) const;
  /// The outputs whose windows have their element k not in the padding.
  [[nodiscard]] Elements covering(std::int64_t k) const;
};

/// Rows and columns.
using WindowAxes = std::array<WindowAxis, 2>;

/// The axes of `image` under a window of that size, with the node's "stride", "padding" and "dilation".
/// Throws Error{model} where the window does not fit.
[[nodiscard]] WindowAxes window_axes(std::array<std::int64_t, 2> image, std::array<std::int64_t, 2> kernel,
                                     const Attributes& attributes);
/// The last two sizes of a shape.
[[nodiscard]] std::array<std::int64_t, 2> plane_of(const Shape& shape);
/// The windows of a pooling op, which has its "kernel" among its attributes, over x.
[[nodiscard]] WindowAxes pooling_axes(const Shape& x, const Attributes& attributes);

/// An argument that is one integer for both axes or one for each. Throws Error{model} unless it is within
/// [least, 2^20].
[[nodiscard]] Integers pair_argument(const Arguments& arguments, const std::string& function,
                                     const std::string& name, std::int64_t least, const Integers& otherwise);

/// How windows move over an image, each for rows and columns.
struct WindowMoves {
  Integers kernel, stride, dilation;
};

/// The padding of both sides, and how many elements more there are at the end.
struct WindowPadding {
  Integers both, more;
};

/// The argument "padding" of a call: integers; 'valid', which is none; or 'same': as much as makes ceil(size
/// / stride) positions, the odd one at the end. That is Keras's rule, and PyTorch's, which has it for a
/// stride of 1 alone. Throws Error{model}.
[[nodiscard]] WindowPadding padding_argument(const Arguments& arguments, const std::string& function,
                                             std::array<std::int64_t, 2> image, const WindowMoves& moves);

/// x with `more` elements of that value at the ends of its last two axes.
[[nodiscard]] Value extended(Value x, const Integers& more, double value);

/// Parameters "stride", "padding" and "dilation".
[[nodiscard]] std::vector<FunctionParameter> window_parameters(const std::string& default_stride);

}  // namespace talweg
