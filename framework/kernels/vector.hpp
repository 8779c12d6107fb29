#pragma once

// A register of values, as wide as the instruction set of this build has them (xsimd), and its loads and
// stores of fewer values than it holds. Included by kernels only; everything here has internal linkage, since
// the same functions are built for several instruction sets.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace talweg::kernels {
namespace {

template <class T>
using Vector = xsimd::batch<T>;

template <class T>
inline constexpr std::size_t kLanes = Vector<T>::size;

/// Vectors that an instruction set has room for.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr std::size_t kRegisters = 32;
#else
inline constexpr std::size_t kRegisters = 16;
#endif

template <class T>
inline Vector<T> load(const T* from) {
  return Vector<T>::load_unaligned(from);
}

template <class T>
inline void store(const Vector<T>& value, T* to) {
  value.store_unaligned(to);
}

// multiply_add: a * b + c, rounded once where the instruction set can. (xsimd's fma rounds twice with
// AVX-512.) nonzero_lanes: bit i says that lane i is not zero, but a number or NaN.

#if defined(__AVX512F__)

inline Vector<double> multiply_add(const Vector<double>& a, const Vector<double>& b,
                                   const Vector<double>& c) {
  return _mm512_fmadd_pd(a, b, c);
}
inline Vector<float> multiply_add(const Vector<float>& a, const Vector<float>& b, const Vector<float>& c) {
  return _mm512_fmadd_ps(a, b, c);
}

inline Vector<double> load_part(const double* from, std::size_t n) {
  return _mm512_maskz_loadu_pd(static_cast<__mmask8>((1U << n) - 1U), from);
}
inline Vector<float> load_part(const float* from, std::size_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1U), from);
}
inline void store_part(const Vector<double>& value, double* to, std::size_t n) {
  _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1U << n) - 1U), value);
}
inline void store_part(const Vector<float>& value, float* to, std::size_t n) {
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << n) - 1U), value);
}
inline std::uint64_t nonzero_lanes(const Vector<double>& x) {
  return _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NEQ_UQ);
}
inline std::uint64_t nonzero_lanes(const Vector<float>& x) {
  return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}

#elif defined(__AVX2__)

inline Vector<double> multiply_add(const Vector<double>& a, const Vector<double>& b,
                                   const Vector<double>& c) {
  return _mm256_fmadd_pd(a, b, c);
}
inline Vector<float> multiply_add(const Vector<float>& a, const Vector<float>& b, const Vector<float>& c) {
  return _mm256_fmadd_ps(a, b, c);
}

/// Lanes below n are all ones.
inline __m256i mask64(std::size_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(static_cast<long long>(n)), _mm256_setr_epi64x(0, 1, 2, 3));
}
inline __m256i mask32(std::size_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vector<double> load_part(const double* from, std::size_t n) {
  return _mm256_maskload_pd(from, mask64(n));
}
inline Vector<float> load_part(const float* from, std::size_t n) {
  return _mm256_maskload_ps(from, mask32(n));
}
inline void store_part(const Vector<double>& value, double* to, std::size_t n) {
  _mm256_maskstore_pd(to, mask64(n), value);
}
inline void store_part(const Vector<float>& value, float* to, std::size_t n) {
  _mm256_maskstore_ps(to, mask32(n), value);
}
inline std::uint64_t nonzero_lanes(const Vector<double>& x) {
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_NEQ_UQ)));
}
inline std::uint64_t nonzero_lanes(const Vector<float>& x) {
  return static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
}

#else

template <class T>
inline Vector<T> multiply_add(const Vector<T>& a, const Vector<T>& b, const Vector<T>& c) {
  return xsimd::fma(a, b, c);
}

template <class T>
inline Vector<T> load_part(const T* from, std::size_t n) {
  alignas(64) T lanes[kLanes<T>] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = from[i];
  return Vector<T>::load_aligned(lanes);
}
template <class T>
inline void store_part(const Vector<T>& value, T* to, std::size_t n) {
  alignas(64) T lanes[kLanes<T>];
  value.store_aligned(lanes);
  for (std::size_t i = 0; i < n; ++i) to[i] = lanes[i];
}
template <class T>
inline std::uint64_t nonzero_lanes(const Vector<T>& x) {
  alignas(64) T lanes[kLanes<T>];
  x.store_aligned(lanes);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < kLanes<T>; ++i) bits |= std::uint64_t{lanes[i] != 0} << i;
  return bits;
}

#endif

/// 0 where x is not above it, else x: NaN where x is NaN.
template <class T, class A>
inline xsimd::batch<T, A> relu(const xsimd::batch<T, A>& x) {
  const xsimd::batch<T, A> zero(T(0));
  return xsimd::select(x <= zero, zero, x);
}

/// Vectors of two values each.
struct Pairs {
  Vector<double> first, second;
};

// PairTable: kCount pairs, a power of two. `at` has those at these places modulo kCount.

#if defined(__AVX512F__)

/// So few that all lie in registers.
template <std::size_t kCount>
class PairTable {
 public:
  constexpr void set(std::size_t place, double first, double second) {
    first_[place] = first;
    second_[place] = second;
  }
  [[nodiscard]] Pairs at(const xsimd::batch<std::int64_t>& places) const {
    static_assert(kCount == 16);
    const auto choose = [&](const double* from) {
      return _mm512_permutex2var_pd(_mm512_load_pd(from), places, _mm512_load_pd(from + 8));
    };
    return {choose(first_), choose(second_)};
  }

 private:
  alignas(64) double first_[kCount] = {}, second_[kCount] = {};
};

#else

template <std::size_t kCount>
class PairTable {
 public:
  constexpr void set(std::size_t place, double first, double second) { pairs_[place] = {first, second}; }
  [[nodiscard]] Pairs at(const xsimd::batch<std::int64_t>& places) const {
    static_assert(std::has_single_bit(kCount));
    alignas(64) std::int64_t lanes[kLanes<double>];
    places.store_aligned(lanes);
    const auto pair = [&](std::size_t lane) -> const Pair& {
      return pairs_[static_cast<std::size_t>(lanes[lane]) % kCount];
    };
#if defined(__AVX2__)
    const auto load_two = [&](std::size_t lane, std::size_t other) {
      return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_load_pd(&pair(lane).first)),
                                  _mm_load_pd(&pair(other).first), 1);
    };
    const __m256d even = load_two(0, 2), odd = load_two(1, 3);
    return {_mm256_unpacklo_pd(even, odd), _mm256_unpackhi_pd(even, odd)};
#else
    alignas(64) double first[kLanes<double>], second[kLanes<double>];
    for (std::size_t i = 0; i < kLanes<double>; ++i) {
      first[i] = pair(i).first;
      second[i] = pair(i).second;
    }
    return {Vector<double>::load_aligned(first), Vector<double>::load_aligned(second)};
#endif
  }

 private:
  /// That lie side by side.
  struct alignas(16) Pair {
    double first, second;
  };
  alignas(64) Pair pairs_[kCount] = {};
};

#endif

#if defined(__AVX2__)

/// The sum of the halves, of vectors that are longer than that.
inline __m256d shortened(const Vector<double>& x) {
#if defined(__AVX512F__)
  return _mm256_add_pd(_mm512_castpd512_pd256(x), _mm512_extractf64x4_pd(x, 1));
#else
  return x;
#endif
}
inline __m256 shortened(const Vector<float>& x) {
#if defined(__AVX512F__)
  return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
#else
  return x;
#endif
}

/// The sum of all lanes: the halves are added, then their halves.
inline double sum_of_lanes(const Vector<double>& x) {
  const __m256d whole = shortened(x);
  const __m128d quarters = _mm_add_pd(_mm256_castpd256_pd128(whole), _mm256_extractf128_pd(whole, 1));
  return _mm_cvtsd_f64(_mm_add_sd(quarters, _mm_unpackhi_pd(quarters, quarters)));
}
inline float sum_of_lanes(const Vector<float>& x) {
  const __m256 whole = shortened(x);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(whole), _mm256_extractf128_ps(whole, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// sums[i] becomes sum_of_lanes(x[i]). All four are written as one: a vector that is read right away would
/// have to wait for four.
inline void add_lanes(const Vector<double> (&x)[4], double* sums) {
  const auto add_halves = [&](std::size_t i, std::size_t j) {
    const __m256d a = shortened(x[i]), b = shortened(x[j]);
    return _mm256_add_pd(_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31));
  };
  _mm256_storeu_pd(sums, _mm256_hadd_pd(add_halves(0, 2), add_halves(1, 3)));
}
inline void add_lanes(const Vector<float> (&x)[4], float* sums) {
  const auto add_halves = [&](std::size_t i) {
    const __m256 a = shortened(x[i]);
    return _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  };
  const auto add_quarters = [&](std::size_t i, std::size_t j) {
    const __m128 a = add_halves(i), b = add_halves(j);
    return _mm_add_ps(_mm_movelh_ps(a, b), _mm_movehl_ps(b, a));
  };
  _mm_storeu_ps(sums, _mm_hadd_ps(add_quarters(0, 1), add_quarters(2, 3)));
}

#else

/// The sum of all lanes: the halves are added, then their halves.
template <class T>
inline T sum_of_lanes(const Vector<T>& x) {
  alignas(64) T lanes[kLanes<T>];
  x.store_aligned(lanes);
  for (std::size_t width = kLanes<T> / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  return lanes[0];
}

template <class T>
inline void add_lanes(const Vector<T> (&x)[4], T* sums) {
  for (std::size_t i = 0; i < 4; ++i) sums[i] = sum_of_lanes(x[i]);
}

#endif

// All lanes combined by f, a function of two vectors: the halves, then their halves.

#if defined(__AVX512F__)

template <class F>
inline double combine_lanes(F f, Vector<double> x) {
  x = f(x, Vector<double>(_mm512_shuffle_f64x2(x, x, 0x4E)));
  x = f(x, Vector<double>(_mm512_shuffle_f64x2(x, x, 0xB1)));
  x = f(x, Vector<double>(_mm512_permute_pd(x, 0x55)));
  return _mm512_cvtsd_f64(x);
}
template <class F>
inline float combine_lanes(F f, Vector<float> x) {
  x = f(x, Vector<float>(_mm512_shuffle_f32x4(x, x, 0x4E)));
  x = f(x, Vector<float>(_mm512_shuffle_f32x4(x, x, 0xB1)));
  x = f(x, Vector<float>(_mm512_permute_ps(x, 0x4E)));
  x = f(x, Vector<float>(_mm512_permute_ps(x, 0xB1)));
  return _mm512_cvtss_f32(x);
}

#elif defined(__AVX2__)

template <class F>
inline double combine_lanes(F f, Vector<double> x) {
  x = f(x, Vector<double>(_mm256_permute2f128_pd(x, x, 1)));
  x = f(x, Vector<double>(_mm256_permute_pd(x, 0x5)));
  return _mm256_cvtsd_f64(x);
}
template <class F>
inline float combine_lanes(F f, Vector<float> x) {
  x = f(x, Vector<float>(_mm256_permute2f128_ps(x, x, 1)));
  x = f(x, Vector<float>(_mm256_permute_ps(x, 0x4E)));
  x = f(x, Vector<float>(_mm256_permute_ps(x, 0xB1)));
  return _mm256_cvtss_f32(x);
}

#else

template <class F, class T>
inline T combine_lanes(F f, xsimd::batch<T> x) {
  alignas(64) T lanes[2 * kLanes<T>] = {};
  for (std::size_t width = kLanes<T> / 2; width > 0; width /= 2) {
    x.store_aligned(lanes);
    x = f(x, load(lanes + width));
  }
  x.store_aligned(lanes);
  return lanes[0];
}

#endif

/// f applied lane by lane.
template <class T, class F>
inline Vector<T> by_lane(F f, const Vector<T>& x) {
  alignas(64) T lanes[kLanes<T>];
  x.store_aligned(lanes);
  for (T& lane : lanes) lane = f(lane);
  return Vector<T>::load_aligned(lanes);
}

template <class T, class F>
inline Vector<T> by_lane(F f, const Vector<T>& x, const Vector<T>& y) {
  alignas(64) T a[kLanes<T>], b[kLanes<T>];
  x.store_aligned(a);
  y.store_aligned(b);
  for (std::size_t i = 0; i < kLanes<T>; ++i) a[i] = f(a[i], b[i]);
  return Vector<T>::load_aligned(a);
}

}  // namespace
}  // namespace talweg::kernels
