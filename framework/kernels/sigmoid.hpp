#pragma once

// 1 / (1 + exp(-x)) in parts, see InParts. It is zero from where the power is infinite: a rule that takes the
// sign of a gradient sees the difference.

#include <cstdint>

#include "kernels/exp.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

template <class T>
struct Sigmoid;

/// As the formula has it, every part rounded: see exp.hpp for why.
template <>
struct Sigmoid<double> {
  using V = Vector<double>;
  static Reduced begin(const V& x) {
    // So written, min leaves NaN as it is.
    const V within = xsimd::min(V(kMostOfSigmoid), x), rounder(kRounder);
    // No power is infinite. Beyond the largest, r grows, and with it the series.
    const V largest(largest_sum_of_sigmoid(kPowers));
    return reduce<-1>(within, xsimd::min(largest, sum_of<-1>(within, rounder)), rounder);
  }
  static V middle(const Reduced& x) { return V(1.0) + exp_of<-1>(x); }
  static V end(const V& sum) { return V(1.0) / sum; }
  V operator()(const V& x) const { return end(middle(begin(x))); }
};

/// With -x = k ln(2) + r the power is 2^k (N + r) / (N - r), where N = r coth(r / 2) is even in r, so that
/// few of its terms matter (fdlibm, Sun Microsystems 1993: exp), and the sigmoid is N - r divided by N - r +
/// 2^k (N + r).
template <>
struct Sigmoid<float> {
  using V = Vector<float>;
  using Bits = xsimd::batch<std::int32_t>;
  static constexpr int kFraction = 23, kExponentOfOne = 127;
  struct Parts {
    V minus_r, half_power;
  };
  struct Ratio {
    V half_below, above, half_power;
  };

  static Parts begin(const V& argument) {
    // So written, max and min leave NaN as it is.
    const V x = xsimd::min(V(60.0F), xsimd::max(V(-89.0F), argument));
    // The sum's lowest bits become the exponent of half the power.
    const V rounder(0x1.8p23F + kExponentOfOne - 1), sum = multiply_add(x, V(-0x1.715476p0F), rounder);
    const V k = sum - rounder;
    // ln(2) in two parts, of which k times the first is exact.
    return {multiply_add(k, V(0x1.7f7d1cp-20F), multiply_add(k, V(0x1.62e4p-1F), x)),
            xsimd::bitwise_cast<V>(xsimd::bitwise_cast<Bits>(sum) << kFraction)};
  }
  static Ratio middle(const Parts& x) {
    const V square = x.minus_r * x.minus_r;
    // Fitted so that the power is off by 2^-30 of it.
    const V terms = multiply_add(V(-0x1.6a8b5cp-9F), square, V(0x1.555514p-3F));
    const V n = multiply_add(terms, square, V(2.0F)), below = n + x.minus_r;
    return {V(0.5F) * below, n - x.minus_r, x.half_power};
  }
  static V end(const Ratio& x) { return x.half_below / multiply_add(x.half_power, x.above, x.half_below); }
  V operator()(const V& x) const { return end(middle(begin(x))); }
};

/// x times its sigmoid.
template <class T>
inline Vector<T> silu_of(const Vector<T>& x) {
  using S = Sigmoid<T>;
  if constexpr (sizeof(T) == sizeof(double))
    return x / S::middle(S::begin(x));
  else
    return x * S{}(x);
}

}  // namespace
}  // namespace talweg::kernels
