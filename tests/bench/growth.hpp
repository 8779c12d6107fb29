#pragma once

#include <string>
#include <vector>

namespace talweg::speed {

/// Seconds of something at growing sizes.
struct Series {
  std::string name;
  std::string size;     ///< what grows: "width"
  double expected = 1;  ///< exponent that it grows with where it is large
  struct Point {
    double size, seconds;
  };
  std::vector<Point> points;
};

/// The slope of a straight line through logarithms, by least squares, of the points whose size is at least
/// `from`. REQUIRES: two of them.
[[nodiscard]] double fitted_exponent(const std::vector<Series::Point>& points, double from = 0);
/// Of those within the last decade of sizes.
[[nodiscard]] double last_exponent(const Series& series);

/// Rows of sizes and seconds, with the fitted exponents beside the expected ones.
[[nodiscard]] std::string to_table(const std::vector<Series>& all);

/// All series against their sizes, both axes logarithmic: an SVG image.
[[nodiscard]] std::string to_svg(const std::vector<Series>& all);

}  // namespace talweg::speed
