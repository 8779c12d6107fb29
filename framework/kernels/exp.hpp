#pragma once

// exp in double, to 0.51 units in the last place of what is not subnormal, or 0.53 with AVX-512: a network
// trained with a large step repeats every rounding error a million times over. After P. T. P. Tang,
// Table-driven implementation of the exponential function in IEEE floating-point arithmetic (ACM TOMS 15,
// 1989).

#include <cstdint>

#include "kernels/exp_constants.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// exp(x) = 2^(k / kPowers) exp(r), |r| <= ln(2) / 2 / kPowers.
#if defined(__AVX512F__)
inline constexpr int kPowerBits = kFewPowerBits;
#else
inline constexpr int kPowerBits = 7;
#endif
inline constexpr std::int64_t kPowers = 1 << kPowerBits;

constexpr PairTable<kPowers> powers_of_two() {
  PairTable<kPowers> pairs;
  for (std::int64_t i = 0; i < kPowers; ++i) {
    const PowerOfTwo power = power_of_two(i, kPowerBits);
    pairs.set(static_cast<std::size_t>(i), power.lost, power.at_least);
  }
  return pairs;
}
inline constexpr PairTable<kPowers> kPowersOfTwo = powers_of_two();

using Integers = xsimd::batch<std::int64_t>;

/// `rounder` and the k of kSign x: of x or, where kSign is -1, of -x. `rounder` is kRounder, or less by
/// kPowers n, which makes the power 2^n times smaller.
template <int kSign>
inline Vector<double> sum_of(const Vector<double>& x, const Vector<double>& rounder) {
  return multiply_add(x, Vector<double>(kSign * kLog2E * kPowers), rounder);
}

/// x reduced: exp(kSign x) is `power` times 1 + `lost`, times exp(kSign r).
struct Reduced {
  Vector<double> r, power, lost;
#if defined(__AVX512F__)
  Vector<double> most_of_r;  ///< exactly. The rest of r, which is not so small here, is in `lost`
#endif
};

/// By its sum. REQUIRES: the power is neither infinite nor subnormal.
template <int kSign>
inline Reduced reduce(const Vector<double>& x, const Vector<double>& sum, const Vector<double>& rounder) {
  using V = Vector<double>;
  constexpr double kStep = kSign * 1.0 / kPowers;
  const V k = sum - rounder;
  const V most = multiply_add(k, V(-kLn2High * kStep), x);
  const Integers bits = xsimd::bitwise_cast<Integers>(sum);
  const auto [lost, at_least] = kPowersOfTwo.at(bits);
  const V power = xsimd::bitwise_cast<V>(xsimd::bitwise_cast<Integers>(at_least) +
                                         (bits << bits_to_exponent(kPowerBits)));
#if defined(__AVX512F__)
  // Sums and products are computed side by side, and there are fewer sums.
  const V low = k * V(kLn2Low / kPowers);
  return {kSign > 0 ? most - low : most + low, power, lost - low, most};
#else
  return {multiply_add(k, V(-kLn2Low * kStep), most), power, lost};
#endif
}

/// exp(kSign x), as much smaller as its power.
template <int kSign>
inline Vector<double> exp_of(const Reduced& x) {
  using V = Vector<double>;
  const auto add_signed = [](const V& a, const V& b) { return kSign > 0 ? a + b : a - b; };
  // The series of exp(r) - 1, r + r^2 times this.
  const V square = x.r * x.r;
  constexpr SeriesOfExp kSeries;
  const V low = multiply_add(V(kSign * kSeries.of_r3), x.r, V(0.5)),
          high = multiply_add(V(kSign * kSeries.of_r5), x.r, V(kSeries.of_r4));
#if defined(__AVX512F__)
  const V highest = multiply_add(V(kSign * kSeries.of_r7), x.r, V(kSeries.of_r6));
  const V series = multiply_add(square, multiply_add(square, highest, high), low);
  const V rest = add_signed(multiply_add(square, series, x.lost), x.most_of_r);
#else
  // Up to r^5.
  const V series = multiply_add(square, high, low);
  const V rest = multiply_add(square, series, add_signed(x.lost, x.r));
#endif
  return multiply_add(x.power, rest, x.power);
}

/// For all x. Large powers are computed 2^64 times smaller and small ones 2^64 times larger: the last product
/// alone is infinite or subnormal. Kept out of line, so that what is ordinary is inlined.
template <class V>
[[gnu::noinline]] V extreme_exp(const V& x) {
  // So written, max and min leave NaN as it is.
  const V within = xsimd::min(V(710.0), xsimd::max(V(-746.0), x));
  const auto small = x < V(0.0);
  const V rounder = xsimd::select(small, V(kRounder + 64 * kPowers), V(kRounder - 64 * kPowers));
  return exp_of<1>(reduce<1>(within, sum_of<1>(within, rounder), rounder)) *
         xsimd::select(small, V(0x1p-64), V(0x1p64));
}

inline Vector<double> accurate_exp(const Vector<double>& x) {
  using V = Vector<double>;
  const V rounder(kRounder);
  if (xsimd::all(xsimd::abs(x) <= V(700.0))) return exp_of<1>(reduce<1>(x, sum_of<1>(x, rounder), rounder));
  return extreme_exp(x);
}

}  // namespace
}  // namespace talweg::kernels
