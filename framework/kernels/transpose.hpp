#pragma once

// Blocks of a matrix whose rows become columns. Included by kernels only, like vector.hpp.

#include <cstddef>

#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

// transpose_block: element (i, j) of a block of kTransposed<T> rows and columns goes to to[j * to_stride +
// i].

#if defined(__AVX2__)

template <class T>
inline constexpr std::size_t kTransposed = 32 / sizeof(T);

inline void transpose_block(const float* from, std::ptrdiff_t from_stride, float* to,
                            std::ptrdiff_t to_stride) {
  __m256 rows[8], pairs[8];
  for (std::ptrdiff_t i = 0; i < 8; ++i) rows[i] = _mm256_loadu_ps(from + i * from_stride);
  for (std::ptrdiff_t i = 0; i < 4; ++i) {
    pairs[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
    pairs[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
  }
  for (std::ptrdiff_t i = 0; i < 8; i += 4) {
    rows[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    rows[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xEE);
    rows[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    rows[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xEE);
  }
  for (std::ptrdiff_t i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(rows[i], rows[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(rows[i], rows[i + 4], 0x31));
  }
}

inline void transpose_block(const double* from, std::ptrdiff_t from_stride, double* to,
                            std::ptrdiff_t to_stride) {
  __m256d rows[4], pairs[4];
  for (std::ptrdiff_t i = 0; i < 4; ++i) rows[i] = _mm256_loadu_pd(from + i * from_stride);
  for (std::ptrdiff_t i = 0; i < 4; i += 2) {
    pairs[i] = _mm256_unpacklo_pd(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_pd(rows[i], rows[i + 1]);
  }
  for (std::ptrdiff_t i = 0; i < 2; ++i) {
    _mm256_storeu_pd(to + i * to_stride, _mm256_permute2f128_pd(pairs[i], pairs[i + 2], 0x20));
    _mm256_storeu_pd(to + (i + 2) * to_stride, _mm256_permute2f128_pd(pairs[i], pairs[i + 2], 0x31));
  }
}

#else

template <class T>
inline constexpr std::size_t kTransposed = 4;

template <class T>
inline void transpose_block(const T* from, std::ptrdiff_t from_stride, T* to, std::ptrdiff_t to_stride) {
  for (std::ptrdiff_t i = 0; i < 4; ++i)
    for (std::ptrdiff_t j = 0; j < 4; ++j) to[j * to_stride + i] = from[i * from_stride + j];
}

#endif

/// Element (i, j) of (rows, columns) goes to to[j * to_stride + i]. Along the longer side, so that few lines
/// of memory, which may be far apart, are in use at a time.
template <class T>
inline void transpose(const T* from, std::ptrdiff_t from_stride, T* to, std::ptrdiff_t to_stride,
                      std::size_t rows, std::size_t columns) {
  constexpr std::size_t kBlock = kTransposed<T>;
  const std::size_t whole_rows = rows / kBlock * kBlock, whole_columns = columns / kBlock * kBlock;
  const auto row = [&](std::size_t i) { return static_cast<std::ptrdiff_t>(i) * from_stride; };
  const auto column = [&](std::size_t j) { return static_cast<std::ptrdiff_t>(j) * to_stride; };
  const auto block = [&](std::size_t i, std::size_t j) {
    transpose_block(from + row(i) + j, from_stride, to + column(j) + i, to_stride);
  };
  if (rows < columns) {
    for (std::size_t i = 0; i < whole_rows; i += kBlock)
      for (std::size_t j = 0; j < whole_columns; j += kBlock) block(i, j);
  } else {
    for (std::size_t j = 0; j < whole_columns; j += kBlock)
      for (std::size_t i = 0; i < whole_rows; i += kBlock) block(i, j);
  }
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = i < whole_rows ? whole_columns : 0; j < columns; ++j)
      to[column(j) + static_cast<std::ptrdiff_t>(i)] = from[row(i) + static_cast<std::ptrdiff_t>(j)];
}

}  // namespace
}  // namespace talweg::kernels
