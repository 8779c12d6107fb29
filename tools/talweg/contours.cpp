#include "contours.hpp"

namespace talweg {
namespace {

struct Corner {
  double x, y, value;
};

/// Where the level lies between two corners that are on both sides of it.
PlanePoint crossing(const Corner& a, const Corner& b, double level) {
  const double t = (level - a.value) / (b.value - a.value);
  return {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

}  // namespace

std::vector<std::pair<PlanePoint, PlanePoint>> contour(const Plane& plane, double level) {
  std::vector<std::pair<PlanePoint, PlanePoint>> lines;
  for (std::size_t row = 0; row < plane.cells; ++row)
    for (std::size_t column = 0; column < plane.cells; ++column) {
      const auto x = static_cast<double>(column), y = static_cast<double>(row);
      // Around the square.
      const Corner corners[] = {{x, y, plane.at(column, row)},
                                {x + 1, y, plane.at(column + 1, row)},
                                {x + 1, y + 1, plane.at(column + 1, row + 1)},
                                {x, y + 1, plane.at(column, row + 1)}};
      std::vector<PlanePoint> points;
      for (std::size_t side = 0; side < 4; ++side) {
        const Corner &a = corners[side], &b = corners[(side + 1) % 4];
        if ((a.value < level) != (b.value < level)) points.push_back(crossing(a, b, level));
      }
      // Of the two ways to join four crossings either will do.
      for (std::size_t i = 0; i + 1 < points.size(); i += 2) lines.emplace_back(points[i], points[i + 1]);
    }
  return lines;
}

}  // namespace talweg
