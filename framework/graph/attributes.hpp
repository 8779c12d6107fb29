#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace talweg {

using Integers = std::vector<std::int64_t>;
using Numbers = std::vector<double>;
using Attribute = std::variant<std::int64_t, double, bool, std::string, Integers, Numbers>;

/// What a node knows besides its inputs: axes, sizes, options. A few named values, compared bit for bit.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<std::string, Attribute>> entries) : entries_(entries) {}

  Attributes& set(std::string name, Attribute value);
  [[nodiscard]] const Attribute* find(std::string_view name) const;

  // REQUIRES: the attribute is there and has that type.
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] double number(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] const Integers& integers(std::string_view name) const;
  [[nodiscard]] const Numbers& numbers(std::string_view name) const;

  [[nodiscard]] const std::vector<std::pair<std::string, Attribute>>& entries() const { return entries_; }
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  /// Equal names and equal bits: 0.0 differs from -0.0, NaN equals itself.
  friend bool operator==(const Attributes& a, const Attributes& b);
  [[nodiscard]] std::size_t hash() const;

 private:
  std::vector<std::pair<std::string, Attribute>> entries_;
};

/// "axes=[0, 1], keepdims=true"
[[nodiscard]] std::string to_string(const Attributes& attributes);

}  // namespace talweg
