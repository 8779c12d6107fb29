#pragma once

// The numbers of exp.hpp, which generated code has, too.

#include <bit>
#include <cstdint>
#include <limits>

namespace talweg::kernels {

inline constexpr double kLog2E = 0x1.71547652b82fep0;
/// ln(2) in two parts: k / kPowers times the first is exact for every k that occurs.
inline constexpr double kLn2High = 0x1.62e42fef00000p-1, kLn2Low = 0x1.473de6af278edp-34;
/// Adding and subtracting this rounds to a whole number, and leaves that number in the sum's lowest bits.
inline constexpr double kRounder = 0x1.8p52;

/// k is added to the bits of a double so far to the left that its part beyond 2^bits counts in the exponent.
constexpr int bits_to_exponent(int bits) { return 52 - bits; }

/// Of 2^(i / 2^bits).
struct PowerOfTwo {
  double lost;      ///< what the nearest double lacks, as a part of it
  double at_least;  ///< that double, whose bits lack those that i adds to it together with all of k
};

constexpr PowerOfTwo power_of_two(std::int64_t i, int bits) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  constexpr long double kRoots[] = {
      1.41421356237309504880168872421L, 1.18920711500272106671749997056L, 1.09050773266525765920701065576L,
      1.04427378242741384032196647874L, 1.02189714865411667823448013478L, 1.01088928605170046002040979056L,
      1.00542990111280282135138395593L};  // 2^(1 / 2), 2^(1 / 4) ... 2^(1 / 128)
  long double power = 1;
  for (int bit = 0; bit < bits; ++bit)
    if ((i >> (bits - 1 - bit) & 1) != 0) power *= kRoots[bit];
  const auto nearest = static_cast<double>(power);
  return {static_cast<double>((power - nearest) / nearest),
          std::bit_cast<double>(std::bit_cast<std::int64_t>(nearest) - (i << bits_to_exponent(bits)))};
}

/// So few powers that registers of AVX-512 hold them.
inline constexpr int kFewPowerBits = 4;
/// exp(r) - 1 is r + r^2 / 2 and then these times powers of r. With few of 2 it ends with r^7, |r| <= ln(2) /
/// 32, and what r^8 would add is in r^6.
struct SeriesOfExp {
  double of_r3 = 1.0 / 6, of_r4 = 1.0 / 24, of_r5 = 1.0 / 120, of_r6 = 1.0000077 / 720, of_r7 = 1.0 / 5040;
};

/// From here on a sigmoid is 1.
inline constexpr double kMostOfSigmoid = 600;
/// kRounder and the k of its largest power.
constexpr double largest_sum_of_sigmoid(std::int64_t powers) {
  return kRounder + static_cast<double>(1024 * powers - 1);
}

}  // namespace talweg::kernels
