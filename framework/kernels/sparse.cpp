// Products of matrices in panels, one of which has many zeros, of one instruction set.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "kernels/build.hpp"
#include "kernels/panels.hpp"
#include "kernels/transpose.hpp"

namespace talweg::kernels {
namespace {

/// Panels side by side: the sums of one row stay in registers.
inline constexpr std::size_t kPanels = 4;
template <class T>
inline constexpr std::size_t kColumns = kPanels* kWidth<T>;
/// Terms at a time: what the elements of a row are multiplied by takes half of the first-level cache.
template <class T>
inline constexpr std::size_t kBlock = std::min<std::size_t>(kTermsOfWord, 16384 / sizeof(T) / kColumns<T>);
/// Rows that are multiplied by that, one after the other.
inline constexpr std::size_t kRows = 128;

/// The rows of a sparse matrix, or of its transpose.
template <class T, bool kTransposed>
class SparseRows {
 public:
  explicit SparseRows(const SparseMatrix<T>& matrix)
      : panels_(matrix.panels),
        panel_(matrix.rows * kWidth<T>),
        words_(kTransposed ? matrix.transposed_nonzeros : matrix.nonzeros),
        rows_(kTransposed ? matrix.columns : matrix.rows) {}

  /// Bit t: element (row, term + t) is not zero. `term` is a multiple of kBlock.
  [[nodiscard]] std::uint64_t nonzeros(std::size_t row, std::size_t term) const {
    return words_[term / kTermsOfWord * rows_ + row] >> term % kTermsOfWord &
           ~std::uint64_t{0} >> (kTermsOfWord - kBlock<T>);
  }
  /// Element (row, term), and from there that of a later term.
  [[nodiscard]] const T* at(std::size_t row, std::size_t term) const {
    if constexpr (kTransposed)
      return panels_ + row / kWidth<T> * panel_ + term * kWidth<T> + row % kWidth<T>;
    else
      return panels_ + term / kWidth<T> * panel_ + row * kWidth<T> + term % kWidth<T>;
  }
  [[nodiscard]] std::size_t later(std::size_t term) const {
    if constexpr (kTransposed)
      return term * kWidth<T>;
    else if constexpr (kBlock<T> <= kWidth<T>)
      return term;
    else
      return term / kWidth<T> * panel_ + term % kWidth<T>;
  }

 private:
  const T* panels_;
  std::size_t panel_;
  const std::uint64_t* words_;
  std::size_t rows_;
};

/// Some terms of a matrix that is multiplied by: rows of kWidth elements, panels so far apart.
template <class T>
struct Terms {
  const T* first;
  std::size_t panel;
};

/// Bits of the terms that are not all finite.
template <class T, std::size_t kNumber>
std::uint64_t infinite_terms(const Terms<T>& terms, std::size_t number) {
  const Vector<T> zero(T(0));
  Vector<T> products[2 * kNumber];  // with 0: NaN where an element is not finite
  const auto multiply = [&](std::size_t term) {
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 2 * kNumber; ++j)
      products[j] = multiply_add(
          zero, load(terms.first + j / 2 * terms.panel + term * kWidth<T> + j % 2 * kLanes<T>), products[j]);
  };
  const auto start = [&] { std::fill_n(products, 2 * kNumber, zero); };
  const auto are_finite = [&] {
    return std::ranges::all_of(products, [&](const Vector<T>& x) { return xsimd::all(x == zero); });
  };
  start();
  for (std::size_t term = 0; term < number; ++term) multiply(term);
  if (are_finite()) return 0;
  std::uint64_t bits = 0;
  for (std::size_t term = 0; term < number; ++term) {
    start();
    multiply(term);
    bits |= std::uint64_t{!are_finite()} << term;
  }
  return bits;
}

/// Adds the terms of some rows to their sums, which are kColumns apart: those that are not zero, or whose bit
/// in `always` is 1, one after the other. Calls prefetch(row) for each. A function of its own, so that all it
/// needs stays in registers.
template <class T, std::size_t kNumber, bool kTransposed, class Prefetch>
[[gnu::noinline]] void add_terms(const SparseRows<T, kTransposed>& rows, std::size_t first_row,
                                 std::size_t number, std::size_t first_term, const Terms<T>& terms,
                                 std::uint64_t always, bool is_first, const Prefetch& prefetch, T* sums) {
  const SparseRows<T, kTransposed> a = rows;
  const T* const first = terms.first;
  const std::size_t panel = terms.panel;
  for (std::size_t row = first_row; row < first_row + number; ++row, sums += kColumns<T>) {
    if (is_first) prefetch(row);
    Vector<T> of_row[2 * kNumber];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 2 * kNumber; ++j)
      of_row[j] = is_first ? Vector<T>(T(0)) : Vector<T>::load_aligned(sums + j * kLanes<T>);
    const T* const elements = a.at(row, first_term);
    for (std::uint64_t bits = a.nonzeros(row, first_term) | always; bits != 0; bits &= bits - 1) {
      const auto term = static_cast<std::size_t>(std::countr_zero(bits));
      const Vector<T> element(elements[a.later(term)]);
      const T* b = first + term * kWidth<T>;
#pragma GCC unroll 8
      for (std::size_t j = 0; j < 2 * kNumber; ++j)
        of_row[j] =
            multiply_add(element, Vector<T>::load_aligned(b + j / 2 * panel + j % 2 * kLanes<T>), of_row[j]);
    }
#pragma GCC unroll 8
    for (std::size_t j = 0; j < 2 * kNumber; ++j) of_row[j].store_aligned(sums + j * kLanes<T>);
  }
}

/// Calls end(sums, part) with the sums of each part of the terms, in rows that are kColumns apart.
/// `terms_at(term, number)` are those that the elements of a are multiplied by.
template <std::size_t kNumber, class T, bool kTransposed, class TermsAt, class Prefetch, class End>
void add_rows(const SparseRows<T, kTransposed>& a, std::size_t first_row, std::size_t rows,
              const Parts& parts, std::size_t all_terms, const TermsAt& terms_at, const Prefetch& prefetch,
              const End& end) {
  alignas(64) T sums[kRows * kColumns<T>];
  std::size_t begin = 0;
  for (std::size_t part = 0; part < parts.number; ++part) {
    const std::size_t stop = std::min(begin + parts.size(part), all_terms);
    for (std::size_t term = begin; term < stop; term += kBlock<T>) {
      const std::size_t number = std::min(kBlock<T>, stop - term);
      const Terms<T> terms = terms_at(term, number);
      add_terms<T, kNumber>(a, first_row, rows, term, terms, infinite_terms<T, kNumber>(terms, number),
                            term == begin, prefetch, sums);
    }
    end(sums, part);
    begin = stop;
  }
}

/// Calls work(number of panels, first column, first row, rows) for blocks of a part, the number as a type.
template <class T, class Work>
void for_blocks(std::size_t first_column, std::size_t columns, std::size_t first_row, std::size_t rows,
                const Work& work) {
  const auto of = [&](auto number, std::size_t column) {
    for (std::size_t row = 0; row < rows; row += kRows)
      work(number, column, first_row + row, std::min(kRows, rows - row));
  };
  for (std::size_t column = 0; column < columns; column += kColumns<T>) {
    const std::size_t rest = columns - column, at = first_column + column;
    if (rest > 3 * kWidth<T>)
      of(std::integral_constant<std::size_t, 4>(), at);
    else if (rest > 2 * kWidth<T>)
      of(std::integral_constant<std::size_t, 3>(), at);
    else if (rest > kWidth<T>)
      of(std::integral_constant<std::size_t, 2>(), at);
    else
      of(std::integral_constant<std::size_t, 1>(), at);
  }
}

/// Some terms of the transpose of `matrix` (n, k) in panels, from column `column` on.
template <class T>
void transpose_terms(const T* matrix, std::size_t n, std::size_t column, std::size_t columns,
                     std::size_t term, std::size_t number, T* to) {
  constexpr auto kStride = static_cast<std::ptrdiff_t>(kWidth<T>);
  for (std::size_t j = 0; j < columns; j += kWidth<T>, to += kBlock<T> * kWidth<T>) {
    const std::size_t some = std::min(kWidth<T>, columns - j);
    if (some < kWidth<T>) std::fill_n(to, number * kWidth<T>, T(0));
    for (std::size_t t = 0; t < number; t += kWidth<T>)
      transpose(matrix + (term + t) / kWidth<T> * n * kWidth<T> + (column + j) * kWidth<T>, kStride,
                to + t * kWidth<T>, kStride, some, std::min(kWidth<T>, number - t));
  }
}

/// Vectors of c, `at` from its beginning, from column `column` on: what sums of one part of the terms make of
/// them.
template <class T, std::size_t kVectors>
void finish(const SparseProduct<T>& product, const T* sums, std::ptrdiff_t at, std::size_t column,
            std::size_t columns, bool is_first, bool is_last) {
  Vector<T> row[kVectors], other[kVectors];
  load_row(row, sums, kVectors * kLanes<T>);
  const auto add = [&](const T* from, std::size_t number) {
    load_row(other, from, number);
    for (std::size_t j = 0; j < kVectors; ++j) row[j] += other[j];
  };
  if (!is_first) add(product.c + at, columns);
  if (is_last && product.bias != nullptr) add(product.bias + column, std::min(columns, product.n - column));
  if (is_last && product.relu)
    for (std::size_t j = 0; j < kVectors; ++j) row[j] = relu(row[j]);
  if (is_last && product.mask != nullptr) {
    load_row(other, product.mask + at, columns);
    const Vector<T> zero(T(0));
    for (std::size_t j = 0; j < kVectors; ++j) row[j] = xsimd::select(other[j] <= zero, zero, row[j]);
  }
  store_row(row, product.c + at, columns);
}

template <class T>
void multiply(const SparseProduct<T>& product, const PartOfProduct& part) {
  const std::size_t k = product.a.columns, end_column = part.first_column + part.columns;
  const Parts parts = parts_of_sums(k);
  const SparseRows<T, false> a(product.a);
  alignas(64) T transposed[kBlock<T> * kColumns<T>];
  for_blocks<T>(part.first_column, part.columns, part.first_row, part.rows,
                [&](auto number, std::size_t column, std::size_t first_row, std::size_t rows) {
                  constexpr std::size_t kNumber = decltype(number)();
                  const std::size_t columns = std::min(kNumber * kWidth<T>, end_column - column);
                  const auto terms_at = [&](std::size_t term, std::size_t some) -> Terms<T> {
                    if (!product.b_is_transposed)
                      return {product.b + column * k + term * kWidth<T>, k * kWidth<T>};
                    transpose_terms(product.b, product.n, column, columns, term, some, transposed);
                    return {transposed, kBlock<T> * kWidth<T>};
                  };
                  const auto end = [&](const T* sums, std::size_t part_of_terms) {
                    const bool is_first = part_of_terms == 0, is_last = part_of_terms + 1 == parts.number;
                    for (std::size_t row = first_row; row < first_row + rows; ++row, sums += kColumns<T>) {
                      const auto i = static_cast<std::ptrdiff_t>(row),
                                 j = static_cast<std::ptrdiff_t>(column);
                      if (!product.c_in_panels) {
                        finish<T, 2 * kNumber>(product, sums, i * product.c_stride + j, column, columns,
                                               is_first, is_last);
                        continue;
                      }
                      constexpr auto kPanel = static_cast<std::ptrdiff_t>(kWidth<T>);
                      std::ptrdiff_t at = j / kPanel * product.c_stride + i * kPanel;
                      for (std::size_t panel = 0; panel < kNumber; ++panel, at += product.c_stride)
                        finish<T, 2>(product, sums + panel * kWidth<T>, at, column + panel * kWidth<T>,
                                     kWidth<T>, is_first, is_last);
                    }
                  };
                  const auto no_prefetch = [](std::size_t /*row*/) {};
                  add_rows<kNumber>(a, first_row, rows, parts, k, terms_at, no_prefetch, end);
                });
}

/// Vectors of c become sums, or `scale` times those are subtracted from them.
template <class T>
void give(const TransposedPanelProduct<T>& product, const T* sums, T* c, std::size_t elements) {
  const Vector<T> factor(-product.scale);
  for (std::size_t i = 0; i < elements; i += kLanes<T>) {
    const Vector<T> sum = load(sums + i);
    store(product.subtracts ? multiply_add(factor, sum, load(c + i)) : sum, c + i);
  }
}

/// Has lines of c fetched, which is far larger than the caches.
template <class T>
inline void prefetch_elements(const T* from, std::size_t elements) {
  for (std::size_t i = 0; i < elements; i += 64 / sizeof(T)) __builtin_prefetch(from + i, 1);
}

template <class T>
void multiply_transposed(const TransposedPanelProduct<T>& product, const SparseMatrix<T>& sparse,
                         const PartOfProduct& part) {
  const SparseRows<T, true> a(sparse);
  const std::size_t panel = product.m * kWidth<T>;
  for_blocks<T>(part.first_column, part.columns, part.first_row, part.rows,
                [&](auto number, std::size_t column, std::size_t first_row, std::size_t rows) {
                  constexpr std::size_t kNumber = decltype(number)();
                  const auto terms_at = [&](std::size_t term, std::size_t /*some*/) -> Terms<T> {
                    return {product.b + column * product.k + term * kWidth<T>, product.k * kWidth<T>};
                  };
                  T* const c = product.c + column * product.m;
                  const auto end = [&](const T* sums, std::size_t /*part*/) {
                    for (std::size_t row = first_row; row < first_row + rows; ++row, sums += kColumns<T>)
                      for (std::size_t p = 0; p < kNumber; ++p)
                        give(product, sums + p * kWidth<T>, c + p * panel + row * kWidth<T>, kWidth<T>);
                  };
                  const auto prefetch = [c, panel](std::size_t row) {
                    for (std::size_t p = 0; p < kNumber; ++p)
                      prefetch_elements(c + p * panel + row * kWidth<T>, kWidth<T>);
                  };
                  add_rows<kNumber>(a, first_row, rows, Parts(product.k, product.k), product.k, terms_at,
                                    prefetch, end);
                });
}

template <class T>
void multiply_transposed_by(const TransposedPanelProduct<T>& product, const SparseMatrix<T>& sparse,
                            const PartOfProduct& part) {
  const SparseRows<T, true> b(sparse);
  constexpr auto kStride = static_cast<std::ptrdiff_t>(kColumns<T>),
                 kPanel = static_cast<std::ptrdiff_t>(kWidth<T>);
  alignas(64) T columns_of_c[kColumns<T> * kWidth<T>];
  const std::size_t end_row = part.first_row + part.rows, panel = product.m * kWidth<T>;
  for_blocks<T>(
      part.first_row, part.rows, part.first_column, part.columns,
      [&](auto number, std::size_t row, std::size_t first_column, std::size_t columns) {
        constexpr std::size_t kNumber = decltype(number)();
        const auto terms_at = [&](std::size_t term, std::size_t /*some*/) -> Terms<T> {
          return {product.a + row * product.k + term * kWidth<T>, product.k * kWidth<T>};
        };
        T* const c = product.c + row * kWidth<T>;
        const auto end = [&](const T* sums, std::size_t /*part*/) {
          const std::size_t rows = std::min(kNumber * kWidth<T>, end_row - row);
          for (std::size_t j = 0; j < columns; j += kWidth<T>) {
            const std::size_t some = std::min(kWidth<T>, columns - j);
            if (some < kWidth<T>) std::fill_n(columns_of_c, rows * kWidth<T>, T(0));
            transpose(sums + j * kColumns<T>, kStride, columns_of_c, kPanel, some, rows);
            give(product, columns_of_c, c + (first_column + j) / kWidth<T> * panel, rows * kWidth<T>);
          }
        };
        // As many lines for each column as its sums have.
        const auto prefetch = [c, panel](std::size_t column) {
          constexpr std::size_t kElements = kNumber * kWidth<T>;
          prefetch_elements(c + column / kWidth<T> * panel + column % kWidth<T> * kElements, kElements);
        };
        add_rows<kNumber>(b, first_column, columns, Parts(product.k, product.k), product.k, terms_at,
                          prefetch, end);
      });
}

/// Bit j of word i becomes bit i of word j.
void transpose_bits(std::uint64_t (&words)[kTermsOfWord]) {
  std::uint64_t low = ~std::uint64_t{0} >> 32;  // of each 2 * half bits, the lower half
  for (std::size_t half = 32; half > 0; half /= 2, low ^= low << half)
    for (std::size_t first = 0; first < kTermsOfWord; first += 2 * half)
      for (std::size_t i = first; i < first + half; ++i) {
        const std::uint64_t swapped = (words[i] >> half ^ words[i + half]) & low;
        words[i] ^= swapped << half;
        words[i + half] ^= swapped;
      }
}

template <class T>
std::size_t find_nonzeros(const T* panels, std::size_t rows, std::size_t columns, std::size_t first,
                          std::size_t some, std::uint64_t* nonzeros, std::uint64_t* transposed_nonzeros) {
  constexpr std::size_t kBits = kTermsOfWord;
  std::size_t count = 0;
  for (std::size_t column = first; column < first + some; column += kBits) {
    const std::size_t some_columns = std::min(columns - column, kBits);
    const std::uint64_t all = ~std::uint64_t{0} >> (kBits - some_columns);
    for (std::size_t row = 0; row < rows; row += kBits) {
      const std::size_t some_rows = std::min(rows - row, kBits);
      std::uint64_t words[kBits] = {};
      for (std::size_t j = 0; j < some_columns; j += kWidth<T>) {
        const T* from = panels + (column + j) * rows + row * kWidth<T>;
        for (std::size_t i = 0; i < some_rows; ++i, from += kWidth<T>)
          for (std::size_t half : {std::size_t{0}, kLanes<T>})
            words[i] |= nonzero_lanes(load(from + half)) << (j + half);
      }
      for (std::size_t i = 0; i < some_rows; ++i) {
        words[i] &= all;  // what fills the panel up is none
        count += static_cast<std::size_t>(std::popcount(words[i]));
      }
      std::copy_n(words, some_rows, nonzeros + column / kBits * rows + row);
      transpose_bits(words);
      std::copy_n(words, some_columns, transposed_nonzeros + row / kBits * columns + column);
    }
  }
  return count;
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_sparse(Table<T>& table) {
  table.sparse = {kColumns<T>, find_nonzeros<T>, multiply<T>, multiply_transposed<T>,
                  multiply_transposed_by<T>};
}

template void add_sparse(Table<float>&);
template void add_sparse(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
