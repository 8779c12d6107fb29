#include "bench/growth.hpp"

#include <fmt/format.h>

#include <cmath>

#include "bench/rows.hpp"
#include "support/table.hpp"

namespace talweg::speed {

double fitted_exponent(const std::vector<Series::Point>& points, double from) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const auto& [size, seconds] : points) {
    if (size < from) continue;
    const double across = std::log(size), up = std::log(seconds);
    n += 1;
    x += across;
    y += up;
    xx += across * across;
    xy += across * up;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

double last_exponent(const Series& series) {
  constexpr double kDecade = 10, kMargin = 1e-9;
  return fitted_exponent(series.points, series.points.back().size / kDecade * (1 - kMargin));
}

std::string to_table(const std::vector<Series>& all) {
  std::string text;
  for (const Series& series : all) {
    std::vector<std::vector<std::string>> cells(2);
    cells[0].push_back(series.size);
    cells[1].emplace_back("seconds");
    for (const auto& [size, seconds] : series.points) {
      cells[0].push_back(fmt::format("{:g}", size));
      cells[1].push_back(with_unit(seconds, Unit::seconds));
    }
    text += series.name + "\n" + format_table(cells, "l" + std::string(series.points.size(), 'r'), "  ");
    text += fmt::format("  exponent {:.2f} over all, {:.2f} over the last decade, expected {:g}\n\n",
                        fitted_exponent(series.points), last_exponent(series), series.expected);
  }
  return text;
}

}  // namespace talweg::speed
