#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace talweg {

/// Values at the corners of a grid of cells x cells squares: row by row, x changing fastest.
struct Plane {
  std::size_t cells = 0;
  std::vector<double> values;  ///< (cells + 1)^2

  [[nodiscard]] double at(std::size_t column, std::size_t row) const {
    return values[row * (cells + 1) + column];
  }
};

/// A point in cells.
using PlanePoint = std::pair<double, double>;

/// Where the plane has a level: pieces of straight lines, one or two a square (marching squares; Lorensen and
/// Cline 1987 in two dimensions).
[[nodiscard]] std::vector<std::pair<PlanePoint, PlanePoint>> contour(const Plane& plane, double level);

}  // namespace talweg
