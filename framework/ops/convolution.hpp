#pragma once

#include "ops/windows.hpp"

namespace talweg {

/// Sizes of a convolution: x (n, channels, rows, columns) under w (filters, channels / groups, kernel rows,
/// kernel columns) gives y (n, filters, output rows, output columns).
struct Convolution {
  std::int64_t n, channels, filters, groups;
  WindowAxes axes;

  [[nodiscard]] std::int64_t group_channels() const { return channels / groups; }
  [[nodiscard]] std::int64_t group_filters() const { return filters / groups; }
  /// Elements of one channel of x, of one filter's part for one channel, of one channel of y.
  [[nodiscard]] std::int64_t plane() const { return axes[0].input * axes[1].input; }
  [[nodiscard]] std::int64_t window() const { return axes[0].kernel * axes[1].kernel; }
  [[nodiscard]] std::int64_t output_plane() const { return axes[0].output() * axes[1].output(); }
};

/// That of a node "conv2d", "conv2d_input_adjoint" or "conv2d_weight_adjoint" with inputs and result of these
/// shapes.
[[nodiscard]] Convolution convolution_of(const Node& node, const Shape& first, const Shape& second);

}  // namespace talweg
