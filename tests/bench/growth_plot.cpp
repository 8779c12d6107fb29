// The picture of growth. Colours are those of Okabe and Ito, which colour-blind people can tell apart.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/growth.hpp"

namespace talweg::speed {
namespace {

constexpr int kWidth = 900, kHeight = 560, kLeft = 80, kRight = 270, kTop = 48, kBottom = 60;
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"};

/// An axis over whole decades.
struct Axis {
  int low = std::numeric_limits<int>::max(), high = std::numeric_limits<int>::min();

  void include(double value) {
    const double power = std::log10(value);
    low = std::min(low, static_cast<int>(std::floor(power)));
    high = std::max(high, static_cast<int>(std::ceil(power)));
  }
  [[nodiscard]] double share(double value) const { return (std::log10(value) - low) / (high - low); }
};

std::string seconds_label(int power) {
  static constexpr const char* kUnits[] = {"ns", "us", "ms", "s"};
  const int unit = std::clamp((power + 9) / 3, 0, 3);
  return fmt::format("{:g} {}", std::pow(10, power + 9 - 3 * unit), kUnits[unit]);
}

std::string size_label(int power) {
  return power < 4 ? fmt::format("{:g}", std::pow(10, power))
                   : fmt::format("10<tspan dy=\"-6\" font-size=\"10\">{}</tspan>", power);
}

class Picture {
 public:
  explicit Picture(const std::vector<Series>& all) {
    for (const Series& series : all)
      for (const auto& [size, seconds] : series.points) {
        sizes_.include(size);
        times_.include(seconds);
      }
  }

  [[nodiscard]] double across(double size) const {
    return kLeft + sizes_.share(size) * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double down(double seconds) const {
    return kHeight - kBottom - times_.share(seconds) * (kHeight - kTop - kBottom);
  }

  [[nodiscard]] std::string frame() const {
    std::string text;
    for (int power = sizes_.low; power <= sizes_.high; ++power) {
      const double x = across(std::pow(10, power));
      text += fmt::format(
          "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text x=\"{0:.1f}\" y=\"{3}\" "
          "text-anchor=\"middle\">{4}</text>\n",
          x, kTop, kHeight - kBottom, kHeight - kBottom + 20, size_label(power));
    }
    for (int power = times_.low; power <= times_.high; ++power) {
      const double y = down(std::pow(10, power));
      text += fmt::format(
          "<path class=\"grid\" d=\"M{} {:.1f}H{}\"/><text x=\"{}\" y=\"{:.1f}\" "
          "text-anchor=\"end\">{}</text>\n",
          kLeft, y, kWidth - kRight, kLeft - 8, y + 4, seconds_label(power));
    }
    text += fmt::format(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">size: width, depth, batch, parameters or "
        "nodes</text>\n",
        (kLeft + kWidth - kRight) / 2, kHeight - 16);
    return text + fmt::format(
                      "<text transform=\"rotate(-90 20 {0})\" x=\"20\" y=\"{0}\" "
                      "text-anchor=\"middle\">time</text>\n",
                      (kTop + kHeight - kBottom) / 2);
  }

  [[nodiscard]] std::string curve(const Series& series, std::size_t number) const {
    const char* const color = kColors[number % std::size(kColors)];
    std::string path, dots;
    for (const auto& [size, seconds] : series.points) {
      const double x = across(size), y = down(seconds);
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
      dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>", x, y, color);
    }
    const int x = kWidth - kRight + 16, y = kTop + 12 + static_cast<int>(number) * 48;
    return fmt::format(
        "<path d=\"{0}\" fill=\"none\" stroke=\"{1}\" stroke-width=\"2\"/>{2}\n"
        "<path d=\"M{3} {4}h24\" stroke=\"{1}\" stroke-width=\"2\"/><circle cx=\"{5}\" cy=\"{4}\" "
        "r=\"3.5\" fill=\"{1}\"/><text x=\"{6}\" y=\"{7}\">{8}</text><text class=\"small\" x=\"{6}\" "
        "y=\"{9}\">exponent {10:.2f} at the end, expected {11:g}</text>\n",
        path, color, dots, x, y, x + 12, x + 32, y + 4, series.name, y + 21, last_exponent(series),
        series.expected);
  }

 private:
  Axis sizes_, times_;
};

}  // namespace

std::string to_svg(const std::vector<Series>& all) {
  const Picture picture(all);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n<style>.grid {{stroke: #ddd}} .small {{font-size: 11px; "
      "fill: "
      "#555}}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n<text x=\"{2}\" y=\"28\" "
      "font-size=\"16\">How time grows</text>\n",
      kWidth, kHeight, kLeft);
  text += picture.frame();
  for (std::size_t i = 0; i < all.size(); ++i) text += picture.curve(all[i], i);
  return text + "</svg>\n";
}

}  // namespace talweg::speed
