#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace talweg {

/// Text for HTML: &, < and > written out.
[[nodiscard]] std::string escaped(std::string_view text);

/// A plot with two axes, for a page of HTML. Points are in the units of the axes; what lies outside is cut
/// off.
class Plot {
 public:
  struct Axis {
    std::string label;
    double low = 0, high = 1;
    bool logarithmic = false;  ///< low and high are powers of ten then, and so are coordinates
    int ticks = 5;
  };
  using Points = std::vector<std::pair<double, double>>;

  Plot(std::string title, Axis x, Axis y, int width, int height);

  /// `style` is the attribute class of the element; `name` is what the mouse shows.
  void add_line(const Points& points, const std::string& style, const std::string& name = "");
  /// Pieces that do not hang together: points by pairs.
  void add_pieces(const Points& points, const std::string& style);
  void add_dot(double x, double y, const std::string& style, const std::string& name);

  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::string place(double x, double y) const;
  [[nodiscard]] std::string axes() const;

  std::string title_;
  Axis x_, y_;
  int width_, height_;
  std::string content_;
};

}  // namespace talweg
