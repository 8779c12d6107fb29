#include "svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace talweg {
namespace {

constexpr int kLeft = 52, kRight = 12, kTop = 10, kBottom = 40;
/// Beyond this, in pixels, coordinates say nothing more and only make the page longer.
constexpr double kFarthest = 10'000;

std::string title_of(const std::string& name) {
  return name.empty() ? "" : "<title>" + escaped(name) + "</title>";
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

Plot::Plot(std::string title, Axis x, Axis y, int width, int height)
    : title_(std::move(title)), x_(std::move(x)), y_(std::move(y)), width_(width), height_(height) {}

std::string Plot::place(double x, double y) const {
  const double across = kLeft + (x - x_.low) / (x_.high - x_.low) * (width_ - kLeft - kRight);
  const double down = height_ - kBottom - (y - y_.low) / (y_.high - y_.low) * (height_ - kTop - kBottom);
  return fmt::format("{:.1f} {:.1f}", std::clamp(across, -kFarthest, kFarthest),
                     std::clamp(down, -kFarthest, kFarthest));
}

void Plot::add_line(const Points& points, const std::string& style, const std::string& name) {
  std::string path;
  for (const auto& [x, y] : points) path += (path.empty() ? "M" : "L") + place(x, y);
  content_ += "<path class=\"" + style + "\" d=\"" + path + "\">" + title_of(name) + "</path>\n";
}

void Plot::add_pieces(const Points& points, const std::string& style) {
  std::string path;
  for (std::size_t i = 0; i + 1 < points.size(); i += 2)
    path += "M" + place(points[i].first, points[i].second) + "L" +
            place(points[i + 1].first, points[i + 1].second);
  if (!path.empty()) content_ += "<path class=\"" + style + "\" d=\"" + path + "\"></path>\n";
}

void Plot::add_dot(double x, double y, const std::string& style, const std::string& name) {
  const std::string at = place(x, y);
  const std::size_t blank = at.find(' ');
  content_ += "<circle class=\"" + style + "\" r=\"4\" cx=\"" + at.substr(0, blank) + "\" cy=\"" +
              at.substr(blank + 1) + "\">" + title_of(name) + "</circle>\n";
}

std::string Plot::axes() const {
  std::string text;
  const auto label = [](const Axis& axis, double value) {
    return axis.logarithmic ? fmt::format("1e{:.0f}", value) : fmt::format("{:.3g}", value);
  };
  for (int i = 0; i <= x_.ticks; ++i) {
    const double value = x_.low + (x_.high - x_.low) * i / x_.ticks;
    text += "<path class=\"rule\" d=\"M" + place(value, y_.low) + "L" + place(value, y_.high) + "\"></path>";
    const std::string at = place(value, y_.low);
    text += "<text class=\"tick\" text-anchor=\"middle\" x=\"" + at.substr(0, at.find(' ')) + "\" y=\"" +
            std::to_string(height_ - kBottom + 16) + "\">" + label(x_, value) + "</text>\n";
  }
  for (int i = 0; i <= y_.ticks; ++i) {
    const double value = y_.low + (y_.high - y_.low) * i / y_.ticks;
    text += "<path class=\"rule\" d=\"M" + place(x_.low, value) + "L" + place(x_.high, value) + "\"></path>";
    const std::string at = place(x_.low, value);
    text += "<text class=\"tick\" text-anchor=\"end\" dy=\"4\" x=\"" + std::to_string(kLeft - 6) + "\" y=\"" +
            at.substr(at.find(' ') + 1) + "\">" + label(y_, value) + "</text>\n";
  }
  text += "<text class=\"label\" text-anchor=\"middle\" x=\"" +
          std::to_string((kLeft + width_ - kRight) / 2) + "\" y=\"" + std::to_string(height_ - 6) + "\">" +
          escaped(x_.label) + "</text>\n";
  const std::string middle = std::to_string((kTop + height_ - kBottom) / 2);
  return text + "<text class=\"label\" text-anchor=\"middle\" transform=\"rotate(-90 12 " + middle +
         ")\" x=\"12\" y=\"" + middle + "\">" + escaped(y_.label) + "</text>\n";
}

std::string Plot::text() const {
  std::string clip = "clip-" + title_;
  std::ranges::replace_if(
      clip, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
  return "<figure><figcaption>" + escaped(title_) + "</figcaption>\n<svg role=\"img\" viewBox=\"0 0 " +
         std::to_string(width_) + " " + std::to_string(height_) + "\" width=\"" + std::to_string(width_) +
         "\"><title>" + escaped(title_) + "</title>\n<clipPath id=\"" + clip + "\"><rect x=\"" +
         std::to_string(kLeft) + "\" y=\"" + std::to_string(kTop) + "\" width=\"" +
         std::to_string(width_ - kLeft - kRight) + "\" height=\"" + std::to_string(height_ - kTop - kBottom) +
         "\"></rect></clipPath>\n" + axes() + "<g clip-path=\"url(#" + clip + ")\">\n" + content_ +
         "</g></svg></figure>\n";
}

}  // namespace talweg
