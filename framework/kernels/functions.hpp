#pragma once

// The elementwise functions on vectors. xsimd's where they are right to some two units in the last place;
// what they get wrong near overflow, underflow and zero is put right here.

#include <cmath>
#include <limits>

#include "kernels/exp.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

template <class T>
inline constexpr bool kDouble = sizeof(T) == 8;

/// Beyond this xsimd's exp and expm1 are infinite or zero too early.
template <class T>
inline constexpr T kExpLimit = kDouble<T> ? T(708) : T(87);

template <class T>
inline Vector<T> exp(const Vector<T>& x) {
  if constexpr (kDouble<T>) {
    return accurate_exp(x);
  } else {
    using V = Vector<T>;
    const V result = xsimd::exp(x);
    const auto extreme = xsimd::abs(x) > V(kExpLimit<T>);
    if (!xsimd::any(extreme)) return result;
    const V half = xsimd::exp(x * V(T(0.5)));
    return xsimd::select(extreme, half * half, result);
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

/// xsimd's loses the digits of small results.
template <class T>
inline Vector<T> erfc(const Vector<T>& x) {
  return by_lane<T>([](T lane) { return std::erfc(lane); }, x);
}

template <class T>
inline Vector<T> sigmoid(const Vector<T>& x) {
  const Vector<T> one(T(1));
  return one / (one + exp<T>(-x));
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
