#pragma once

// What products of panels have in common. Included by kernels only, like vector.hpp.

#include <algorithm>
#include <cstddef>

#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

template <class T>
inline constexpr std::size_t kWidth = 2 * kLanes<T>;

/// Parts of about the same size, each a multiple of `grain` but the last.
struct Parts {
  Parts(std::size_t all, std::size_t most, std::size_t unit = 1)
      : number((all + most - 1) / most), grain(unit) {
    if (number == 0) return;
    const std::size_t grains = (all + grain - 1) / grain;
    least = grains / number * grain;
    longer = grains % number;
  }
  [[nodiscard]] std::size_t size(std::size_t part) const { return least + (part < longer ? grain : 0); }

  std::size_t number, grain;
  std::size_t least = 0, longer = 0;
};

/// Long sums are computed in parts, of terms of which a panel stays in the first-level cache (with AVX-512
/// longer ones are worth more). Each part but the first is added to those before it.
inline constexpr std::size_t kTerms = kRegisters == 32 ? 384 : 256, kTermsOfWord = 64;
inline Parts parts_of_sums(std::size_t terms) { return {terms, kTerms, kTermsOfWord}; }

/// The first `columns` of some vectors, and zeros.
template <class T, std::size_t kVectors>
inline void load_row(Vector<T> (&row)[kVectors], const T* from, std::size_t columns) {
  for (std::size_t j = 0; j < kVectors; ++j, from += kLanes<T>, columns -= std::min(columns, kLanes<T>))
    row[j] = columns >= kLanes<T> ? load(from) : load_part(from, columns);
}

template <class T, std::size_t kVectors>
inline void store_row(const Vector<T> (&row)[kVectors], T* to, std::size_t columns) {
  if (columns < kVectors * kLanes<T>) {
    alignas(64) T lanes[kVectors * kLanes<T>];
    store_row(row, lanes, kVectors * kLanes<T>);
    std::copy_n(lanes, columns, to);
    return;
  }
  for (std::size_t j = 0; j < kVectors; ++j) store(row[j], to + j * kLanes<T>);
}

}  // namespace
}  // namespace talweg::kernels
