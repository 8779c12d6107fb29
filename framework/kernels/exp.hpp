#pragma once

// exp in double, to 0.54 units in the last place: a network trained with a large step repeats every rounding
// error a million times over.

#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// Of the polynomial in `exp_tail`.
inline constexpr double kExpTail[] = {0x1.5555555555556p-3,  0x1.5555555555555p-5,  0x1.11111111109a6p-7,
                                      0x1.6c16c16c167dap-10, 0x1.a01a01a7cebcdp-13, 0x1.a01a01a48116fp-16,
                                      0x1.71de0d85293b8p-19, 0x1.27e4e1dcf773bp-22, 0x1.af390ba7e6f47p-26,
                                      0x1.1f6717774d5e0p-29};

/// Adding and subtracting this rounds to a whole number, and leaves that number in the sum's lowest bits.
inline constexpr double kRounder = 0x1.8p52;

/// 2^k for the k that was rounded in `sum` = k + kRounder, -1022 <= k <= 1023.
inline Vector<double> power_of_two(const Vector<double>& sum) {
  using Bits = xsimd::batch<std::int64_t>;
  const auto bits = xsimd::bitwise_cast<Bits>(sum);
  return xsimd::bitwise_cast<Vector<double>>((bits << 52) + Bits(std::int64_t{1023} << 52));
}

/// (exp(r) - 1 - r - r^2/2) / r^3 for |r| <= ln(2)/2, a Chebyshev fit; its error counts 0.003 units of exp.
inline Vector<double> exp_tail(const Vector<double>& r) {
  using V = Vector<double>;
  const V r2 = r * r, r4 = r2 * r2;
  const V p01 = multiply_add(V(kExpTail[1]), r, V(kExpTail[0])),
          p23 = multiply_add(V(kExpTail[3]), r, V(kExpTail[2])),
          p45 = multiply_add(V(kExpTail[5]), r, V(kExpTail[4])),
          p67 = multiply_add(V(kExpTail[7]), r, V(kExpTail[6])),
          p89 = multiply_add(V(kExpTail[9]), r, V(kExpTail[8]));
  const V low = multiply_add(p23, r2, p01), middle = multiply_add(p67, r2, p45);
  return multiply_add(multiply_add(p89, r4, middle), r4, low);
}

/// exp(x) is `value` times 2^k, for the k that was rounded in `sum` = k + kRounder.
struct ScaledExp {
  Vector<double> value, sum;
};

/// For |x| <= 800: exp(x) = 2^k exp(r) with |r| <= ln(2)/2. The leading terms 1 + r + r^2/2 are summed
/// without loss: what r and its square lack is kept beside them.
inline ScaledExp scaled_exp(const Vector<double>& x) {
  using V = Vector<double>;
  constexpr double kLog2E = 0x1.71547652b82fep0;
  // ln(2) in two parts, of which k times the first is exact.
  constexpr double kLn2High = 0x1.62e42fef00000p-1, kLn2Low = 0x1.473de6af278edp-34;
#if defined(__FMA__)
  const V rounded = multiply_add(x, V(kLog2E), V(kRounder)), k = rounded - V(kRounder);
  const V high = multiply_add(k, V(-kLn2High), x), r = multiply_add(k, V(-kLn2Low), high);
  const V lost = multiply_add(k, V(-kLn2Low), high - r);
  const V square = r * r, square_lost = multiply_add(r, r, -square);
#else
  const V rounded = x * V(kLog2E) + V(kRounder), k = rounded - V(kRounder);
  const V high = x - k * V(kLn2High), low = k * V(kLn2Low);
  const V r = high - low, lost = (high - r) - low;
  const V r_high = (r + V(0x1.8p27)) - V(0x1.8p27);  // 24 bits: its square is exact
  const V square = r_high * r_high, square_lost = (r - r_high) * (r + r_high);
#endif
  const V sum = V(1.0) + r, total = multiply_add(V(0.5), square, sum);
  const V lost_in_sums = (r - (sum - V(1.0))) + multiply_add(V(0.5), square, sum - total);
  const V rest = lost_in_sums + multiply_add(V(0.5), square_lost, multiply_add(lost, r, lost));
  return {total + multiply_add(r * (r * r), exp_tail(r), rest), rounded};
}

/// For |x| <= 700, of which 2^k is a normal number: k is added to the exponent.
inline Vector<double> ordinary_exp(const Vector<double>& x) {
  using Bits = xsimd::batch<std::int64_t>;
  const auto [value, sum] = scaled_exp(x);
  return xsimd::bitwise_cast<Vector<double>>(xsimd::bitwise_cast<Bits>(value) +
                                             (xsimd::bitwise_cast<Bits>(sum) << 52));
}

/// For all others, NaN too. A template that is not inlined, so that ordinary_exp is.
template <class V>
[[gnu::noinline]] V extreme_exp(const V& x) {
  const auto [value, sum] = scaled_exp(xsimd::min(xsimd::max(x, V(-800.0)), V(800.0)));
  const V k = sum - V(kRounder);
  const V first = k * V(0.5) + V(kRounder);  // half of k, so that neither power overflows
  const V second = (k - (first - V(kRounder))) + V(kRounder);
  return xsimd::select(xsimd::isnan(x), x, value * power_of_two(first) * power_of_two(second));
}

inline Vector<double> accurate_exp(const Vector<double>& x) {
  return xsimd::all(xsimd::abs(x) <= Vector<double>(700.0)) ? ordinary_exp(x) : extreme_exp(x);
}

}  // namespace
}  // namespace talweg::kernels
