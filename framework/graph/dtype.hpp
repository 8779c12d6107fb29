#pragma once

#include <cstdint>
#include <string_view>

namespace talweg {

/// What the elements of a tensor mean. A graph has one floating type; its integers and booleans are kept in
/// that type too, so int64 is exact up to 2^53 (2^24 in a float32 graph), and every kernel sees one element
/// type.
enum class DType : std::uint8_t { float32, float64, int64, boolean };

[[nodiscard]] constexpr bool is_floating(DType dtype) {
  return dtype == DType::float32 || dtype == DType::float64;
}

[[nodiscard]] constexpr std::string_view to_string(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "float32";
    case DType::float64:
      return "float64";
    case DType::int64:
      return "int64";
    case DType::boolean:
      return "bool";
  }
  return "";
}

/// NumPy's promotion among the types that one graph can hold: bool < int64 < its floating type.
[[nodiscard]] constexpr DType promote(DType a, DType b) {
  if (is_floating(a)) return a;
  if (is_floating(b)) return b;
  return a == DType::int64 || b == DType::int64 ? DType::int64 : DType::boolean;
}

}  // namespace talweg
