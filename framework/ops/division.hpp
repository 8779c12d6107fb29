#pragma once

#include <cmath>

namespace talweg {

// Floored division as Python and NumPy do it, exact in its edges: the remainder has the sign of b, and
// a = b * floored_quotient(a, b) + floored_remainder(a, b) up to rounding. REQUIRES: b is not 0.

template <class T>
T floored_remainder(T a, T b) {
  const T rest = std::fmod(a, b);
  if (rest == 0) return std::copysign(T{0}, b);
  return (rest < 0) != (b < 0) ? rest + b : rest;
}

template <class T>
T floored_quotient(T a, T b) {
  const T rest = std::fmod(a, b);
  T quotient = (a - rest) / b;
  if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(T{0}, a / b);
  const T whole = std::floor(quotient);
  return quotient - whole > T{0.5} ? whole + 1 : whole;
}

}  // namespace talweg
