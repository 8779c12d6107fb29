#pragma once

// exp in double, to 0.52 units in the last place of what is not subnormal: a network trained with a large
// step repeats every rounding error a million times over. After P. T. P. Tang, Table-driven implementation of
// the exponential function in IEEE floating-point arithmetic (ACM TOMS 15, 1989).

#include <bit>
#include <cstdint>
#include <limits>

#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// exp(x) = 2^(k / kPowers) exp(r), |r| <= ln(2) / 2 / kPowers. With AVX-512 they are so few that registers
/// hold them.
#if defined(__AVX512F__)
inline constexpr int kPowerBits = 4;
#else
inline constexpr int kPowerBits = 7;
#endif
inline constexpr std::int64_t kPowers = 1 << kPowerBits;
/// k is added to the bits of a double so far to the left that its part beyond `kPowers` counts in the
/// exponent.
inline constexpr int kToExponent = 52 - kPowerBits;

/// The pair i: what the double nearest to 2^(i / kPowers) lacks, as a part of it; and that double, whose bits
/// lack those that i adds to it together with all of k.
constexpr PairTable<kPowers> powers_of_two() {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  constexpr long double kRoots[] = {
      1.41421356237309504880168872421L, 1.18920711500272106671749997056L, 1.09050773266525765920701065576L,
      1.04427378242741384032196647874L, 1.02189714865411667823448013478L, 1.01088928605170046002040979056L,
      1.00542990111280282135138395593L};  // 2^(1 / 2), 2^(1 / 4) ... 2^(1 / 128)
  PairTable<kPowers> pairs;
  for (std::int64_t i = 0; i < kPowers; ++i) {
    long double power = 1;
    for (int bit = 0; bit < kPowerBits; ++bit)
      if ((i >> (kPowerBits - 1 - bit) & 1) != 0) power *= kRoots[bit];
    const auto nearest = static_cast<double>(power);
    pairs.set(static_cast<std::size_t>(i), static_cast<double>((power - nearest) / nearest),
              std::bit_cast<double>(std::bit_cast<std::int64_t>(nearest) - (i << kToExponent)));
  }
  return pairs;
}
inline constexpr PairTable<kPowers> kPowersOfTwo = powers_of_two();

/// Adding and subtracting this rounds to a whole number, and leaves that number in the sum's lowest bits.
inline constexpr double kRounder = 0x1.8p52;

using Integers = xsimd::batch<std::int64_t>;

/// `rounder` and the k of kSign x: of x or, where kSign is -1, of -x. `rounder` is kRounder, or less by
/// kPowers n, which makes the power 2^n times smaller.
template <int kSign>
inline Vector<double> sum_of(const Vector<double>& x, const Vector<double>& rounder) {
  constexpr double kLog2E = 0x1.71547652b82fep0;
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
  // ln(2) in two parts, of which k times the first is exact.
  constexpr double kLn2High = 0x1.62e42fef00000p-1, kLn2Low = 0x1.473de6af278edp-34;
  constexpr double kStep = kSign * 1.0 / kPowers;
  const V k = sum - rounder;
  const V most = multiply_add(k, V(-kLn2High * kStep), x), r = multiply_add(k, V(-kLn2Low * kStep), most);
  const Integers bits = xsimd::bitwise_cast<Integers>(sum);
  const auto [lost, at_least] = kPowersOfTwo.at(bits);
  const V power = xsimd::bitwise_cast<V>(xsimd::bitwise_cast<Integers>(at_least) + (bits << kToExponent));
#if defined(__AVX512F__)
  return {r, power, multiply_add(k, V(-kLn2Low / kPowers), lost), most};
#else
  return {r, power, lost};
#endif
}

/// exp(kSign x), as much smaller as its power.
template <int kSign>
inline Vector<double> exp_of(const Reduced& x) {
  using V = Vector<double>;
  const auto add_signed = [](const V& a, const V& b) { return kSign > 0 ? a + b : a - b; };
  // The series of exp(r) - 1, r + r^2 times this.
  const V square = x.r * x.r;
  const V low = multiply_add(V(kSign / 6.0), x.r, V(0.5)),
          high = multiply_add(V(kSign / 120.0), x.r, V(1.0 / 24));
#if defined(__AVX512F__)
  // Up to r^7; r^6 makes up for r^8.
  const V highest = multiply_add(V(kSign / 5040.0), x.r, V(1.0000077 / 720));
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
