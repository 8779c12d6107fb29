// The reductions of one instruction set.

#include <algorithm>
#include <cmath>
#include <iterator>

#include "kernels/build.hpp"
#include "kernels/functions.hpp"

namespace talweg::kernels {
namespace {

// Sums and products are accumulated in double. Within a block several vectors run side by side; blocks are
// added up one after the other, which keeps the error of a long sum small.
constexpr std::size_t kBlock = 4096;

using Wide = Vector<double>;

inline Wide load_wide(const double* from) { return load(from); }
inline Wide load_wide_part(const double* from, std::size_t n) { return load_part(from, n); }

#if defined(__AVX512F__)
inline Wide load_wide(const float* from) { return _mm512_maskz_cvtps_pd(0xFF, _mm256_loadu_ps(from)); }
inline Wide load_wide_part(const float* from, std::size_t n) {
  return _mm512_maskz_cvtps_pd(0xFF, _mm512_castps512_ps256(load_part(from, n)));
}
#elif defined(__AVX2__)
inline Wide load_wide(const float* from) { return _mm256_cvtps_pd(_mm_loadu_ps(from)); }
inline Wide load_wide_part(const float* from, std::size_t n) {
  return _mm256_cvtps_pd(_mm256_castps256_ps128(load_part(from, n)));
}
#else
inline Wide load_wide_part(const float* from, std::size_t n) {
  alignas(64) double lanes[kLanes<double>] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = static_cast<double>(from[i]);
  return Wide::load_aligned(lanes);
}
inline Wide load_wide(const float* from) { return load_wide_part(from, kLanes<double>); }
#endif

/// The first n lanes of x, then `rest`.
inline Wide followed_by(double rest, const Wide& x, std::size_t n) {
  alignas(64) static constexpr double kPlaces[] = {0, 1, 2, 3, 4, 5, 6, 7};
  static_assert(kLanes<double> <= std::size(kPlaces));
  return xsimd::select(Wide::load_aligned(kPlaces) < Wide(static_cast<double>(n)), x, Wide(rest));
}

struct Sum {
  static constexpr double kStart = 0;
  template <class V>
  V operator()(const V& a, const V& b) const {
    return a + b;
  }
};

struct Product {
  static constexpr double kStart = 1;
  template <class V>
  V operator()(const V& a, const V& b) const {
    return a * b;
  }
};

template <class T, class F>
double accumulate_block(F f, const T* x, std::size_t n) {
  constexpr std::size_t kWidth = kLanes<double>;
  Wide total[4] = {Wide(F::kStart), Wide(F::kStart), Wide(F::kStart), Wide(F::kStart)};
  std::size_t i = 0;
  for (; i + 4 * kWidth <= n; i += 4 * kWidth)
    for (std::size_t j = 0; j < 4; ++j) total[j] = f(total[j], load_wide(x + i + j * kWidth));
  for (; i + kWidth <= n; i += kWidth) total[0] = f(total[0], load_wide(x + i));
  if (i < n) total[1] = f(total[1], followed_by(F::kStart, load_wide_part(x + i, n - i), n - i));
  return combine_lanes(f, f(f(total[0], total[1]), f(total[2], total[3])));
}

template <class T, class F>
T accumulate_row(F f, const T* x, std::size_t n) {
  double total = F::kStart;
  for (std::size_t begin = 0; begin < n; begin += kBlock)
    total = f(total, accumulate_block(f, x + begin, std::min(kBlock, n - begin)));
  return static_cast<T>(total);
}

/// kVectors vectors of columns, whose rows are `stride` apart. The totals stay in registers.
template <std::size_t kVectors, class T, class F>
void accumulate_columns(F f, T* out, const T* x, std::size_t reduced, std::size_t stride) {
  constexpr std::size_t kWidth = kLanes<double>;
  Wide total[kVectors];
  for (Wide& one : total) one = Wide(F::kStart);
  for (std::size_t i = 0; i < reduced; ++i, x += stride)
    for (std::size_t j = 0; j < kVectors; ++j) total[j] = f(total[j], load_wide(x + j * kWidth));
  for (const Wide& one : total) {
    alignas(64) double lanes[kWidth];
    one.store_aligned(lanes);
    out = std::transform(lanes, lanes + kWidth, out, [](double value) { return static_cast<T>(value); });
  }
}

template <class T, class F>
void accumulate(T* out, const T* x, std::size_t outer, std::size_t reduced, std::size_t inner) {
  const F f;
  if (inner == 1) {
    for (std::size_t row = 0; row < outer; ++row) out[row] = accumulate_row(f, x + row * reduced, reduced);
    return;
  }
  constexpr std::size_t kWidth = kLanes<double>;
  for (std::size_t row = 0; row < outer; ++row, x += reduced * inner, out += inner) {
    std::size_t j = 0;
    for (; j + 8 * kWidth <= inner; j += 8 * kWidth) accumulate_columns<8>(f, out + j, x + j, reduced, inner);
    for (; j + 4 * kWidth <= inner; j += 4 * kWidth) accumulate_columns<4>(f, out + j, x + j, reduced, inner);
    for (; j + kWidth <= inner; j += kWidth) accumulate_columns<1>(f, out + j, x + j, reduced, inner);
    for (; j < inner; ++j) {
      double total = F::kStart;
      for (std::size_t i = 0; i < reduced; ++i) total = f(total, static_cast<double>(x[i * inner + j]));
      out[j] = static_cast<T>(total);
    }
  }
}

struct Largest {
  template <class T>
  static Vector<T> of(const Vector<T>& a, const Vector<T>& b) {
    return maximum<T>(a, b);
  }
  template <class T>
  static T of(T a, T b) {
    return a >= b || std::isnan(a) ? a : b;
  }
};

struct Smallest {
  template <class T>
  static Vector<T> of(const Vector<T>& a, const Vector<T>& b) {
    return minimum<T>(a, b);
  }
  template <class T>
  static T of(T a, T b) {
    return a <= b || std::isnan(a) ? a : b;
  }
};

template <class T, class F>
T extreme_of_row(const T* x, std::size_t n) {
  std::size_t i = 0;
  T result = x[0];
  if (n >= kLanes<T>) {
    Vector<T> best = load(x);
    for (i = kLanes<T>; i + kLanes<T> <= n; i += kLanes<T>) best = F::template of<T>(best, load(x + i));
    result = combine_lanes([](const auto& a, const auto& b) { return F::template of<T>(a, b); }, best);
  }
  for (; i < n; ++i) result = F::template of<T>(result, x[i]);
  return result;
}

template <class T, class F>
void extreme(T* out, const T* x, std::size_t outer, std::size_t reduced, std::size_t inner) {
  if (inner == 1) {
    for (std::size_t row = 0; row < outer; ++row) out[row] = extreme_of_row<T, F>(x + row * reduced, reduced);
    return;
  }
  for (std::size_t row = 0; row < outer; ++row) {
    const T* from = x + row * reduced * inner;
    T* to = out + row * inner;
    std::copy_n(from, inner, to);
    for (std::size_t i = 1; i < reduced; ++i)
      for (std::size_t j = 0; j < inner; ++j) to[j] = F::template of<T>(to[j], from[i * inner + j]);
  }
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_reductions(Table<T>& table) {
  const auto set = [&](Reduction reduction, ReductionKernel<T> kernel) {
    table.reduction[static_cast<std::size_t>(reduction)] = kernel;
  };
  set(Reduction::sum, accumulate<T, Sum>);
  set(Reduction::prod, accumulate<T, Product>);
  set(Reduction::max, extreme<T, Largest>);
  set(Reduction::min, extreme<T, Smallest>);
}

template void add_reductions(Table<float>&);
template void add_reductions(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
