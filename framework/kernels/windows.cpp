// Loops over windows of one instruction set.

#include <algorithm>

#include "kernels/build.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// n values that are `stride` apart; the other lanes are 0.
template <class T>
inline Vector<T> load_apart(const T* from, std::size_t stride, std::size_t n) {
  if (stride == 1) return load_part(from, n);
  alignas(kVectorBytes) T lanes[kLanes<T>] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = from[i * stride];
  return Vector<T>::load_aligned(lanes);
}

template <class T>
inline Vector<T> numbers_of_lanes() {
  alignas(kVectorBytes) T lanes[kLanes<T>];
  for (std::size_t i = 0; i < kLanes<T>; ++i) lanes[i] = static_cast<T>(i);
  return Vector<T>::load_aligned(lanes);
}

template <class T>
void take_larger(const Candidates<T>& from, T* best, T* place, std::size_t n) {
  const Vector<T> nowhere(from.nowhere), step(from.place_step), numbers = numbers_of_lanes<T>();
  for (std::size_t i = 0; i < n; i += kLanes<T>) {
    const std::size_t size = std::min(kLanes<T>, n - i);
    const Vector<T> value = load_apart(from.data + i * from.stride, from.stride, size);
    const Vector<T> known = load_part(best + i, size), at = load_part(place + i, size);
    const auto larger = (value > known) | (xsimd::isnan(value) & !xsimd::isnan(known)) | (at == nowhere);
    const Vector<T> here = Vector<T>(from.place) + (Vector<T>(static_cast<T>(i)) + numbers) * step;
    store_part(xsimd::select(larger, value, known), best + i, size);
    store_part(xsimd::select(larger, here, at), place + i, size);
  }
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_windows(Table<T>& table) {
  table.take_larger = take_larger<T>;
}

template void add_windows(Table<float>&);
template void add_windows(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
