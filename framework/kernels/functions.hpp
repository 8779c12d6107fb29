#pragma once

// The elementwise functions on vectors. xsimd's where they are right to some two units in the last place;
// what they get wrong near overflow, underflow and zero is put right here.

#include <cmath>
#include <iterator>
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

/// exp(z^2) erfc(z) (1 + sqrt(pi) z) as a polynomial in t = (z - 2) / (z + 2), 0 <= z <= 12: a Chebyshev fit
/// whose error no float32 shows.
inline constexpr double kScaledErfc[] = {
    0x1.2926e5b837f54p+0,   -0x1.0be72fbd02e76p-3,  -0x1.ea125deaf3893p-4, 0x1.1759647e973e1p-3,
    -0x1.8627a4fa91f58p-5,  -0x1.9e63588e176e6p-8,  0x1.f4329dbe8a84ap-8,  0x1.08bfa19c526f0p-10,
    -0x1.4ffe40f45e6e9p-10, -0x1.7ff85eeba0acep-12, 0x1.7e0ad7d8b5847p-13, 0x1.aec0c9457a953p-14,
    -0x1.2500d7b0a6e97p-17, -0x1.7620344e2f270p-17};

#if defined(__FMA__)

/// erfc in float32: the square's rounding error, which exp would magnify, is made good.
inline Vector<float> float_erfc(const Vector<float>& x) {
  using V = Vector<float>;
  const V z = xsimd::min(xsimd::abs(x), V(12.0F)), t = (z - V(2.0F)) / (z + V(2.0F));
  V scaled(static_cast<float>(kScaledErfc[std::size(kScaledErfc) - 1]));
  for (std::size_t i = std::size(kScaledErfc) - 1; i-- > 0;)
    scaled = multiply_add(scaled, t, V(static_cast<float>(kScaledErfc[i])));
  const V square = z * z, lost = multiply_add(z, z, -square), power = exp<float>(-square);
  const V right = multiply_add(-power, lost, power) * scaled /
                  multiply_add(z, V(1.7724538509055160273F), V(1.0F));  // root of pi
  return xsimd::select(xsimd::isnan(x), x, xsimd::select(x < V(0.0F), V(2.0F) - right, right));
}

#else

/// erfc of numbers that a float32 holds.
inline Vector<double> erfc_of_floats(const Vector<double>& x) {
  using V = Vector<double>;
  const V z = xsimd::min(xsimd::abs(x), V(12.0)), t = (z - V(2.0)) / (z + V(2.0));
  V scaled(0.0);
  for (std::size_t i = std::size(kScaledErfc); i-- > 0;) scaled = multiply_add(scaled, t, V(kScaledErfc[i]));
  const V root_of_pi(1.7724538509055160273);
  const V right = accurate_exp(-(z * z)) * scaled / (V(1.0) + root_of_pi * z);
  return xsimd::select(xsimd::isnan(x), x, xsimd::select(x < V(0.0), V(2.0) - right, right));
}

inline Vector<float> float_erfc(const Vector<float>& x) {
  alignas(64) float lanes[kLanes<float>];
  alignas(64) double wide[kLanes<float>];
  x.store_aligned(lanes);
  for (std::size_t i = 0; i < kLanes<float>; ++i) wide[i] = static_cast<double>(lanes[i]);
  for (std::size_t i = 0; i < kLanes<float>; i += kLanes<double>)
    store(erfc_of_floats(load(wide + i)), wide + i);
  for (std::size_t i = 0; i < kLanes<float>; ++i) lanes[i] = static_cast<float>(wide[i]);
  return Vector<float>::load_aligned(lanes);
}

#endif

/// xsimd's loses the digits of small results.
template <class T>
inline Vector<T> erfc(const Vector<T>& x) {
  if constexpr (kDouble<T>)
    return by_lane<T>([](T lane) { return std::erfc(lane); }, x);
  else
    return float_erfc(x);
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
