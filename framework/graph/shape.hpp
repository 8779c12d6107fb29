#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace talweg {

/// Sizes of the axes of a tensor, row-major. The product of the sizes fits std::int64_t: whoever builds a
/// shape from outside numbers calls `checked`.
class Shape {
 public:
  static constexpr int kMaximumRank = 12;
  /// More elements than this in one tensor is refused: 2^40.
  static constexpr std::int64_t kMaximumElements = std::int64_t{1} << 40;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes);
  explicit Shape(std::span<const std::int64_t> sizes);
  /// Throws Error{model} where a size is negative, there are too many axes, or the product is over
  /// kMaximumElements; sizes of 0 are left out of it, so that strides do not overflow either.
  [[nodiscard]] static Shape checked(std::span<const std::int64_t> sizes);

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] std::int64_t operator[](int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  [[nodiscard]] std::int64_t& operator[](int axis) { return sizes_[static_cast<std::size_t>(axis)]; }
  [[nodiscard]] std::int64_t elements() const;
  [[nodiscard]] std::span<const std::int64_t> sizes() const {
    return {sizes_.data(), static_cast<std::size_t>(rank_)};
  }
  [[nodiscard]] const std::int64_t* begin() const { return sizes_.data(); }
  [[nodiscard]] const std::int64_t* end() const { return sizes_.data() + rank_; }
  void append(std::int64_t size);

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::array<std::int64_t, kMaximumRank> sizes_{};
  int rank_ = 0;
};

/// As NumPy prints it: "()", "(4,)", "(4, 3)".
[[nodiscard]] std::string to_string(const Shape& shape);

/// NumPy's broadcast shape of two, or nothing where they do not fit.
[[nodiscard]] std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// Row-major strides in elements; axes of size 1 get stride 0.
[[nodiscard]] std::vector<std::int64_t> strides_of(const Shape& shape);

/// `axis` counted from the front; throws Error{model} naming `where` unless -rank <= axis < rank.
[[nodiscard]] int normalize_axis(std::int64_t axis, int rank, const std::string& where);

/// All axes for none given, otherwise each normalized, sorted; throws on a repeated one.
[[nodiscard]] std::vector<std::int64_t> normalize_axes(const std::optional<std::vector<std::int64_t>>& axes,
                                                       int rank, const std::string& where);

}  // namespace talweg
