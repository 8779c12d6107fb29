// Loops over windows of one instruction set.

#include <algorithm>

#include "kernels/build.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// n values that are `stride` apart; the other lanes are 0.
template <class T>
inline Vector<T> load_apart(const T* from, std::size_t stride, std::size_t n) {
  alignas(kVectorBytes) T lanes[kLanes<T>] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = from[i * stride];
  return Vector<T>::load_aligned(lanes);
}

// Every second value: of `low` the first, third and so on, of `high` the second, fourth and so on. `high`
// begins with the last value of `low`, so that nothing is read beyond the last that counts.

#if defined(__AVX512F__)

inline Vector<float> every_second(const Vector<float>& low, const Vector<float>& high) {
  const __m512i places = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 17, 19, 21, 23, 25, 27, 29, 31);
  return _mm512_permutex2var_ps(low, places, high);
}
inline Vector<double> every_second(const Vector<double>& low, const Vector<double>& high) {
  return _mm512_permutex2var_pd(low, _mm512_setr_epi64(0, 2, 4, 6, 9, 11, 13, 15), high);
}

#elif defined(__AVX2__)

inline __m256d halves_in_turn(const __m256d& x) { return _mm256_permute4x64_pd(x, 0xD8); }
inline Vector<float> every_second(const Vector<float>& low, const Vector<float>& high) {
  return _mm256_castpd_ps(halves_in_turn(_mm256_castps_pd(_mm256_shuffle_ps(low, high, 0xD8))));
}
inline Vector<double> every_second(const Vector<double>& low, const Vector<double>& high) {
  return halves_in_turn(_mm256_shuffle_pd(low, high, 0xA));
}

#endif

/// n values, 0 < n <= lanes, that are `stride` apart.
template <class T>
inline Vector<T> load_every(const T* from, std::size_t stride, std::size_t n) {
  constexpr std::size_t kAll = kLanes<T>;
  if (stride == 1) return n == kAll ? load(from) : load_part(from, n);
#if defined(__AVX2__)
  if (stride == 2) {
    if (n == kAll) return every_second(load(from), load(from + kAll - 1));
    const std::size_t reach = 2 * n - 1;  // from the first value to the last
    const Vector<T> low = load_part(from, std::min(reach, kAll));
    if (reach < kAll) return every_second(low, Vector<T>(T(0)));
    return every_second(low, load_part(from + kAll - 1, reach - (kAll - 1)));
  }
#endif
  return load_apart(from, stride, n);
}

template <class T>
alignas(kVectorBytes) constexpr T kNumbersOfLanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

template <class T>
struct Largest {
  Vector<T> value, place;
};

/// Of n windows from the i-th on, 0 < n <= lanes.
template <class T>
inline Largest<T> largest_of(const Windows<T>& windows, std::size_t i, std::size_t n) {
  const T* from = windows.plane + i * windows.stride;
  Vector<T> best = load_every(from + windows.elements[0], windows.stride, n);
  Vector<T> element(static_cast<T>(windows.elements[0]));
  for (std::size_t k = 1; k < windows.number; ++k) {
    const Vector<T> value = load_every(from + windows.elements[k], windows.stride, n);
    // The first NaN is larger than all, and nothing is larger than it.
    const auto larger = (!(value <= best)) & (!xsimd::isnan(best));
    best = xsimd::select(larger, value, best);
    element = xsimd::select(larger, Vector<T>(static_cast<T>(windows.elements[k])), element);
  }
  const Vector<T> number = Vector<T>(static_cast<T>(i)) + Vector<T>::load_aligned(kNumbersOfLanes<T>);
  return {best, element + number * Vector<T>(static_cast<T>(windows.stride))};
}

template <class T>
void find_largest(const Windows<T>& windows, T* largest, T* places, std::size_t n, std::size_t room) {
  constexpr std::size_t kAll = kLanes<T>;
  const auto find = [&](std::size_t i, std::size_t count) {
    const Largest<T> found = largest_of(windows, i, count);
    const auto write = [&](const Vector<T>& value, T* to) {
      if (count == kAll || room >= kAll)
        store(value, to + i);
      else
        store_part(value, to + i, count);
    };
    write(found.place, places);
    if (largest != nullptr) write(found.value, largest);
  };
  if (n < kAll) return find(0, n);
  for (std::size_t i = 0; i + kAll <= n; i += kAll) find(i, kAll);
  // The rest again with some of those before: parts of a vector are slow to store.
  if (n % kAll != 0) find(n - kAll, kAll);
}

/// kFilters of y under kShifts of x.
template <class T, std::size_t kFilters, std::size_t kShifts>
void correlate_some(const ShiftedPlanes<T>& planes, const T* y, const T* x, T* out, std::size_t out_stride) {
  const std::size_t whole = planes.columns / kLanes<T> * kLanes<T>, rest = planes.columns - whole;
  Vector<T> total[kFilters][kShifts];
  for (auto& of_filter : total) std::fill_n(of_filter, kShifts, Vector<T>(T(0)));
  for (std::size_t row = 0; row < planes.rows; ++row, x += planes.x_row, y += planes.columns) {
    Vector<T> from_y[kFilters];
    for (std::size_t column = 0; column < whole; column += kLanes<T>) {
      for (std::size_t f = 0; f < kFilters; ++f) from_y[f] = load(y + f * planes.y_plane + column);
      for (std::size_t j = 0; j < kShifts; ++j) {
        const Vector<T> from_x = load(x + column + j * planes.shift);
        for (std::size_t f = 0; f < kFilters; ++f) total[f][j] = multiply_add(from_y[f], from_x, total[f][j]);
      }
    }
    if (rest == 0) continue;
    for (std::size_t f = 0; f < kFilters; ++f) from_y[f] = load_part(y + f * planes.y_plane + whole, rest);
    for (std::size_t j = 0; j < kShifts; ++j) {
      const Vector<T> from_x = load_part(x + whole + j * planes.shift, rest);
      for (std::size_t f = 0; f < kFilters; ++f) total[f][j] = multiply_add(from_y[f], from_x, total[f][j]);
    }
  }
  for (std::size_t f = 0; f < kFilters; ++f)
    for (std::size_t j = 0; j < kShifts; ++j) out[f * out_stride + j] = sum_of_lanes(total[f][j]);
}

template <class T>
using Correlate = void (*)(const ShiftedPlanes<T>& planes, const T* y, const T* x, T* out,
                           std::size_t out_stride);
constexpr std::size_t kMostFilters = 2, kMostShifts = 5;
template <class T>
constexpr Correlate<T> kCorrelate[kMostFilters][kMostShifts] = {
    {correlate_some<T, 1, 1>, correlate_some<T, 1, 2>, correlate_some<T, 1, 3>, correlate_some<T, 1, 4>,
     correlate_some<T, 1, 5>},
    {correlate_some<T, 2, 1>, correlate_some<T, 2, 2>, correlate_some<T, 2, 3>, correlate_some<T, 2, 4>,
     correlate_some<T, 2, 5>}};

template <class T>
void correlate(const ShiftedPlanes<T>& planes, T* out, std::size_t out_stride) {
  for (std::size_t f = 0; f < planes.filters; f += kMostFilters) {
    const std::size_t filters = std::min(kMostFilters, planes.filters - f);
    for (std::size_t j = 0; j < planes.shifts; j += kMostShifts) {
      const std::size_t shifts = std::min(kMostShifts, planes.shifts - j);
      kCorrelate<T>[filters - 1][shifts - 1](planes, planes.y + f * planes.y_plane,
                                             planes.x + j * planes.shift, out + f * out_stride + j,
                                             out_stride);
    }
  }
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_windows(Table<T>& table) {
  table.find_largest = find_largest<T>;
  table.correlate = correlate<T>;
}

template void add_windows(Table<float>&);
template void add_windows(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
