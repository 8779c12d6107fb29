#pragma once

// The elementwise functions on vectors. xsimd's where they are right to some two units in the last place;
// what they get wrong near overflow, underflow and zero is put right here.

#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/exp.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

template <class T>
inline constexpr bool kDouble = sizeof(T) == 8;

/// Beyond this xsimd's exp and expm1 are infinite or zero too early.
template <class T>
inline constexpr T kExpLimit = kDouble<T> ? T(708) : T(87);

/// exp(x) as the square of its root. Kept out of line, so that what is ordinary is inlined.
template <class V>
[[gnu::noinline]] V exp_by_root(const V& x) {
  const V root = xsimd::exp(x * V(0.5F));
  return root * root;
}

template <class T>
inline Vector<T> exp(const Vector<T>& x) {
  if constexpr (kDouble<T>) {
    return accurate_exp(x);
  } else {
    const Vector<T> result = xsimd::exp(x);
    const auto extreme = xsimd::abs(x) > Vector<T>(kExpLimit<T>);
    return xsimd::any(extreme) ? xsimd::select(extreme, exp_by_root(x), result) : result;
  }
}

template <class T>
inline Vector<T> expm1(const Vector<T>& x) {
  using V = Vector<T>;
  // xsimd returns +0 for -0, and overflows too early.
  const V result = xsimd::select(x == V(T(0)), x, xsimd::expm1(x));
  const auto large = x > V(kExpLimit<T>);
  return xsimd::any(large) ? xsimd::select(large, exp<T>(x), result) : result;
}

template <class T>
inline Vector<T> log(const Vector<T>& x) {
  using V = Vector<T>;
  const V result = xsimd::log(x);
  const auto subnormal = (x < V(std::numeric_limits<T>::min())) && (x > V(T(0)));
  if (!xsimd::any(subnormal)) return result;
  const T scale = kDouble<T> ? T(0x1p54) : T(0x1p25), log_scale = std::log(scale);
  return xsimd::select(subnormal, xsimd::log(x * V(scale)) - V(log_scale), result);
}

template <class T>
inline Vector<T> log1p(const Vector<T>& x) {
  return xsimd::select(x == Vector<T>(T(0)), x, xsimd::log1p(x));
}

template <class T>
inline Vector<T> erf(const Vector<T>& x) {
  if constexpr (kDouble<T>)  // xsimd's is wrong in the last six bits
    return by_lane<T>([](T lane) { return std::erf(lane); }, x);
  else
    return xsimd::erf(x);
}

/// exp(-(square + rest) / 2) to 1 unit in the last place, 0 <= square <= 172, rest small: 2^k exp(-r / 2)
/// with |r| <= ln(2).
inline Vector<float> exp_of_minus_half(const Vector<float>& square, const Vector<float>& rest) {
  using V = Vector<float>;
  using Bits = xsimd::batch<std::int32_t>;
  const V rounder(0x1.8p23F), sum = multiply_add(square, V(-0x1.715476p-1F), rounder);  // log2(e) / 2
  const V k = sum - rounder;
  // 2 ln(2) in two parts, the first exact for every k.
  const V r = multiply_add(k, V(0x1.62e4p0F), square) + multiply_add(k, V(0x1.7f7d1cp-19F), rest);
  V value(0x1.6d10fcp-16F);
  for (float coefficient : {-0x1.120b62p-12F, 0x1.55551ap-9F, -0x1.5554dep-6F, 0x1p-3F, -0x1p-1F, 1.0F})
    value = multiply_add(value, r, V(coefficient));
  // k is in the lowest bits of the sum: it is added to the exponent.
  return xsimd::bitwise_cast<V>(xsimd::bitwise_cast<Bits>(value) + (xsimd::bitwise_cast<Bits>(sum) << 23));
}

/// Minus the normal distribution's upper tail beyond a, times exp(a^2 / 2), is P(a) / Q(a) for 0 <= a <= 18:
/// a rational fit whose error of 1e-8 no float32 shows.
inline constexpr float kTailAbove[] = {-0.00433736267428F, -0.0421104029006F, -0.187594758832F,
                                       -0.444140262863F, -0.500000004004F};
inline constexpr float kTailBelow[] = {0.0108720787402F, 0.105559768713F, 0.480984411364F,
                                       1.2205486931F,    1.68616565056F,  1.0F};

template <std::size_t kCount>
inline Vector<float> polynomial(const float (&coefficients)[kCount], const Vector<float>& x) {
  Vector<float> value(coefficients[0]);
  for (std::size_t i = 1; i < kCount; ++i) value = multiply_add(value, x, Vector<float>(coefficients[i]));
  return value;
}

/// Of the normal distribution at a >= 0: its density without the factor, and minus its upper tail beyond a.
struct NormalTail {
  Vector<float> density, minus_tail;
};

inline NormalTail normal_tail(const Vector<float>& a) {
  using V = Vector<float>;
  const V square = a * a;
#if defined(__FMA__)
  const V lost = multiply_add(a, a, -square);  // which exp would magnify
#else
  const V lost(0.0F);
#endif
  V density = exp_of_minus_half(square, lost);
  const auto extreme = a > V(13.0F);  // where the density is not a normal number
  if (xsimd::any(extreme)) {
    const V root = exp_of_minus_half(V(0.5F) * square, V(0.5F) * lost);
    density = xsimd::select(extreme, root * root, density);
  }
  return {density, density * (polynomial(kTailAbove, a) / polynomial(kTailBelow, a))};
}

/// |x|, at most 18, beyond which the tail rounds to 0.
inline Vector<float> within_tail(const Vector<float>& x) {
  return xsimd::min(xsimd::abs(x), Vector<float>(18.0F));
}

/// The normal distribution's share below x, with erfc, which keeps its digits where x is far below 0.
inline Vector<double> normal_distribution(const Vector<double>& x) {
  using V = Vector<double>;
  return V(0.5) *
         by_lane<double>([](double lane) { return std::erfc(lane); }, x * V(-std::numbers::sqrt2 / 2));
}

/// x times the normal distribution's share below x.
template <class T>
inline Vector<T> gelu(const Vector<T>& x) {
  using V = Vector<T>;
  if constexpr (kDouble<T>) {
    return x * normal_distribution(x);
  } else {
    const V a = within_tail(x);
    // x where x > 0, less |x| times the tail beyond |x|; -0 stays -0, and minus infinity times 0 is NaN.
    return multiply_add(a, normal_tail(a).minus_tail, xsimd::select(x < V(0.0F), x * V(0.0F), x));
  }
}

/// The sum of the normal distribution's share below x, and x times its density.
template <class T>
inline Vector<T> gelu_derivative(const Vector<T>& x) {
  using V = Vector<T>;
  const V peak(static_cast<T>(std::numbers::inv_sqrtpi / std::numbers::sqrt2));
  if constexpr (kDouble<T>) {
    return normal_distribution(x) + x * (peak * exp<T>(V(-0.5) * x * x));
  } else {
    const NormalTail at = normal_tail(within_tail(x));
    const V share = xsimd::select(x < V(0.0F), -at.minus_tail, V(1.0F) + at.minus_tail);
    return multiply_add(x, peak * at.density, share);
  }
}

/// a != b, NaN differing from everything. (xsimd's != says with AVX that NaN does not differ.)
template <class T>
inline auto differ(const Vector<T>& a, const Vector<T>& b) {
  return !(a == b);
}

/// One where `condition` holds, zero elsewhere.
template <class T, class Condition>
inline Vector<T> truth(const Condition& condition) {
  return xsimd::select(condition, Vector<T>(T(1)), Vector<T>(T(0)));
}

template <class T>
inline Vector<T> maximum(const Vector<T>& a, const Vector<T>& b) {
  return xsimd::select((a >= b) || differ<T>(a, a), a, b);
}

template <class T>
inline Vector<T> minimum(const Vector<T>& a, const Vector<T>& b) {
  return xsimd::select((a <= b) || differ<T>(a, a), a, b);
}

}  // namespace
}  // namespace talweg::kernels
