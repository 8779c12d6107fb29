// Products of large matrices that lie in panels, of one instruction set.

#include "kernels/panels.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "kernels/build.hpp"
#include "kernels/transpose.hpp"

namespace talweg::kernels {
namespace {

/// Rows whose sums stay in registers, two vectors each, beside what is read for them.
inline constexpr std::size_t kMostRows = kRegisters == 32 ? 12 : 6;

/// Rows of kTerms that stay in the second-level cache: half as many are a multiple of kMostRows and of
/// kWidth. Up to `kFewRows` are not divided.
inline constexpr std::size_t kRows = kRegisters == 32 ? 192 : 96, kFewRows = 132;

/// Rows of sums, in one vector where the second half of the panel's columns is empty.
template <class T, std::size_t kNumber, std::size_t kVectors>
using Rows = Vector<T>[kNumber][kVectors];

template <class T>
bool is_half_empty(std::size_t columns) {
  return columns <= kLanes<T>;
}

/// One term of the sums of kNumber rows: those of a are `a_stride` apart.
template <class T, std::size_t kNumber, std::size_t kVectors>
inline void add_term(Rows<T, kNumber, kVectors>& sums, const T* a, std::ptrdiff_t a_stride, const T* b) {
  Vector<T> from_b[kVectors];
  for (std::size_t j = 0; j < kVectors; ++j) from_b[j] = Vector<T>::load_aligned(b + j * kLanes<T>);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kNumber; ++i) {
    const Vector<T> from_a(a[static_cast<std::ptrdiff_t>(i) * a_stride]);
    for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = multiply_add(from_a, from_b[j], sums[i][j]);
  }
}

template <class T, std::size_t kNumber, std::size_t kVectors>
inline void clear(Rows<T, kNumber, kVectors>& sums) {
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kNumber; ++i)
    for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = Vector<T>(T(0));
}

/// Where the sums of some terms begin and where they go.
template <class T>
struct Place {
  const T* before;  ///< rows of a panel, to which they are added; or null
  const T* bias;    ///< is added to each row; or null
  bool relu;        ///< is taken of the result
  T* to;
  std::ptrdiff_t stride;  ///< between rows at `to`
  std::size_t columns;    ///< at most kWidth
  bool fills;             ///< the rows at `to`, with zeros where there are no columns; else those are left
};

/// Rows of a @ b for one panel of b: `a_panel` is from one panel of a to the next.
template <class T, std::size_t kNumber, std::size_t kVectors>
void product_tile(const T* a, std::ptrdiff_t a_panel, const T* b, std::size_t terms, const Place<T>& place) {
  Rows<T, kNumber, kVectors> sums;
  clear<T>(sums);
  constexpr auto kStride = static_cast<std::ptrdiff_t>(kWidth<T>);
  for (; terms >= kWidth<T>; terms -= kWidth<T>, a += a_panel) {
    // The rows of the next tile. Where panels are a power of two apart, they do not all stay in the cache.
    for (std::size_t j = 0; j < kNumber * kWidth<T>; j += 64 / sizeof(T))
      __builtin_prefetch(a + kNumber * kWidth<T> + j, 0, 2);
#pragma GCC unroll 4
    for (std::size_t l = 0; l < kWidth<T>; ++l, b += kStride) add_term<T>(sums, a + l, kStride, b);
  }
  for (std::size_t l = 0; l < terms; ++l, b += kStride) add_term<T>(sums, a + l, kStride, b);
  if (place.before != nullptr)
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kNumber; ++i)
      for (std::size_t j = 0; j < kVectors; ++j)
        sums[i][j] += load(place.before + i * kWidth<T> + j * kLanes<T>);
  if (place.bias != nullptr) {
    Vector<T> bias[kVectors];
    load_row(bias, place.bias, place.columns);
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kNumber; ++i)
      for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] += bias[j];
  }
  if (place.relu)
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kNumber; ++i)
      for (std::size_t j = 0; j < kVectors; ++j) sums[i][j] = relu(sums[i][j]);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kNumber; ++i) {
    T* to = place.to + static_cast<std::ptrdiff_t>(i) * place.stride;
    store_row(sums[i], to, place.fills ? kVectors * kLanes<T> : place.columns);
    if (kVectors == 1 && place.fills) store(Vector<T>(T(0)), to + kLanes<T>);
  }
}

/// Rows of c, a panel: those of a^T @ b, or `scale` times those are subtracted from them.
template <class T, bool kSubtracts, std::size_t kNumber, std::size_t kVectors>
void transposed_tile(const T* a, const T* b, std::size_t terms, T* c, T scale) {
  constexpr std::size_t kAhead = 22;  // rows of c that are on their way to the cache
  for (std::size_t i = 0; i < kNumber; ++i)
    for (std::size_t j = 0; j < kWidth<T> * sizeof(T); j += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(c + (kAhead + i) * kWidth<T>) + j, 1);
  Rows<T, kNumber, kVectors> sums;
  clear<T>(sums);
#pragma GCC unroll 4
  for (std::size_t l = 0; l < terms; ++l) add_term<T>(sums, a + l * kWidth<T>, 1, b + l * kWidth<T>);
  const Vector<T> factor(-scale);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kNumber; ++i, c += kWidth<T>) {
    for (std::size_t j = 0; j < kVectors; ++j)
      store(kSubtracts ? multiply_add(factor, sums[i][j], load(c + j * kLanes<T>)) : sums[i][j],
            c + j * kLanes<T>);
    if constexpr (!kSubtracts && kVectors == 1) store(Vector<T>(T(0)), c + kLanes<T>);
  }
}

template <class T>
using ProductTile = void (*)(const T*, std::ptrdiff_t, const T*, std::size_t, const Place<T>&);
template <class T>
using TransposedTile = void (*)(const T*, const T*, std::size_t, T*, T);

/// By the number of their rows, less one.
template <class Tile>
using Tiles = std::array<Tile, kMostRows>;

template <class T, std::size_t kVectors>
inline constexpr Tiles<ProductTile<T>> kProductTiles = [
]<std::size_t... kNumbers>(std::index_sequence<kNumbers...> /*numbers*/) {
  return Tiles<ProductTile<T>>{product_tile<T, kNumbers + 1, kVectors>...};
}
(std::make_index_sequence<kMostRows>());

template <class T, bool kSubtracts, std::size_t kVectors>
inline constexpr Tiles<TransposedTile<T>> kTransposedTiles = [
]<std::size_t... kNumbers>(std::index_sequence<kNumbers...> /*numbers*/) {
  return Tiles<TransposedTile<T>>{transposed_tile<T, kSubtracts, kNumbers + 1, kVectors>...};
}
(std::make_index_sequence<kMostRows>());

template <class T>
const Tiles<ProductTile<T>>& product_tiles(std::size_t columns) {
  return is_half_empty<T>(columns) ? kProductTiles<T, 1> : kProductTiles<T, 2>;
}

template <class T>
const Tiles<TransposedTile<T>>& transposed_tiles(bool subtracts, std::size_t columns) {
  if (is_half_empty<T>(columns))
    return subtracts ? kTransposedTiles<T, true, 1> : kTransposedTiles<T, false, 1>;
  return subtracts ? kTransposedTiles<T, true, 2> : kTransposedTiles<T, false, 2>;
}

/// Has lines of memory fetched a few at a time, as many calls as there are.
class Prefetch {
 public:
  Prefetch(const void* begin, std::size_t bytes, std::size_t calls)
      : at_(static_cast<const char*>(begin)), lines_((bytes + 64 * calls - 1) / (64 * calls)) {}
  void some() {
    for (std::size_t i = 0; i < lines_; ++i, at_ += 64) __builtin_prefetch(at_, 0, 2);
  }

 private:
  const char* at_;
  std::size_t lines_;
};

/// Some rows and terms of a product.
struct Block {
  std::size_t first_row, rows, first_term, terms;
};

/// Where those rows of the product are in c, from column `first` on, which begins a panel.
template <class T>
T* place_in_c(const PanelProduct<T>& product, std::size_t row, std::size_t first) {
  const auto along = [&](std::size_t number) {
    return static_cast<std::ptrdiff_t>(number) * product.c_stride;
  };
  switch (product.c_layout) {
    case ResultLayout::rows:
      return product.c + along(row) + first;
    case ResultLayout::columns:
      return product.c + along(first) + row;
    case ResultLayout::panels:
      return product.c + along(first / kWidth<T>) + row * kWidth<T>;
    case ResultLayout::transposed_panels:
      break;
  }
  return product.c + along(row / kWidth<T>) + first * kWidth<T>;
}

/// Some rows of a panel of finished sums, whose columns become rows of c.
template <class T>
void store_transposed(const PanelProduct<T>& product, const T* sums, std::size_t rows, T* c,
                      std::ptrdiff_t c_stride, std::size_t columns) {
  transpose(sums, static_cast<std::ptrdiff_t>(kWidth<T>), c, c_stride, rows, columns);
  if (product.mask == nullptr) return;
  const T* mask = product.mask + (c - product.c);
  for (std::size_t j = 0; j < columns; ++j, c += c_stride, mask += c_stride)
    for (std::size_t i = 0; i < rows; ++i) c[i] = mask[i] <= 0 ? T(0) : c[i];
}

/// REQUIRES: for transposed panels, the first row begins one.
template <class T>
void store_transposed(const PanelProduct<T>& product, const T* sums, const Block& block, std::size_t first,
                      std::size_t columns) {
  if (product.c_layout == ResultLayout::columns)
    return store_transposed(product, sums, block.rows, place_in_c(product, block.first_row, first),
                            product.c_stride, columns);
  for (std::size_t row = 0; row < block.rows; row += kWidth<T>) {
    const std::size_t rows = std::min(kWidth<T>, block.rows - row);
    T* c = place_in_c(product, block.first_row + row, first);
    store_transposed(product, sums + row * kWidth<T>, rows, c, static_cast<std::ptrdiff_t>(kWidth<T>),
                     columns);
    if (rows < kWidth<T>)
      for (std::size_t j = 0; j < columns; ++j) std::fill_n(c + j * kWidth<T> + rows, kWidth<T> - rows, T(0));
  }
}

/// Has a row of a panel of c and of its mask fetched, where columns of sums become rows of panels: there are
/// as many rows as those of sums.
template <class T>
void prefetch_row(const PanelProduct<T>& product, std::size_t row, std::size_t first) {
  constexpr std::size_t kElementsOfLine = 64 / sizeof(T);
  const T* begin = place_in_c(product, row, first) + row % kWidth<T> * kWidth<T>;
  for (const T* line = begin; line < begin + kWidth<T>; line += kElementsOfLine) {
    __builtin_prefetch(line, 1);
    if (product.mask != nullptr) __builtin_prefetch(product.mask + (line - product.c));
  }
}

template <class T>
void add_block(const PanelProduct<T>& product, const PartOfProduct& part, const Block& block, T* part_sums) {
  constexpr std::size_t kPanel = kWidth<T>;
  constexpr auto kStride = static_cast<std::ptrdiff_t>(kPanel);
  const bool first = block.first_term == 0, last = block.first_term + block.terms == product.k;
  const bool in_panels = product.c_layout == ResultLayout::panels;
  const bool is_final = last && product.c_layout == ResultLayout::rows;
  const bool is_turned = last && product.c_layout == ResultLayout::transposed_panels;
  const auto a_panel = static_cast<std::ptrdiff_t>(product.m * kPanel);
  const Parts tiles(block.rows, kMostRows);
  const std::size_t end = part.first_column + part.columns;
  for (std::size_t j = part.first_column; j < end; j += kPanel) {
    const T* b = product.b + j * product.k + block.first_term * kPanel;
    const T* a = product.a + block.first_term * product.m + block.first_row * kPanel;
    T* const sums = in_panels       ? place_in_c(product, block.first_row, j)
                    : first && last ? part_sums
                                    : part_sums + (j - part.first_column) * part.rows +
                                          (block.first_row - part.first_row) * kPanel;
    const std::size_t columns = std::min(kPanel, end - j);
    const Tiles<ProductTile<T>>& tiles_of = product_tiles<T>(columns);
    Place<T> place{.before = first ? nullptr : sums,
                   .bias = last && product.bias != nullptr ? product.bias + j : nullptr,
                   .relu = last && product.relu,
                   .to = is_final ? place_in_c(product, block.first_row, j) : sums,
                   .stride = is_final ? product.c_stride : kStride,
                   .columns = is_final || in_panels       ? columns
                              : is_half_empty<T>(columns) ? kLanes<T>
                                                          : kPanel,
                   .fills = in_panels};
    const T* next = j + kPanel < end ? b + product.k * kPanel : b;
    // Where other rows are multiplied by the same panels, these are near.
    Prefetch prefetch(next, block.rows == product.m ? block.terms * kPanel * sizeof(T) : 0, tiles.number);
    for (std::size_t tile = 0, row = block.first_row; tile < tiles.number; ++tile) {
      const std::size_t number = tiles.size(tile);
      prefetch.some();
      for (const std::size_t end_row = row + number; is_turned && row < end_row; ++row)
        prefetch_row(product, row, j);
      tiles_of[number - 1](a, a_panel, b, block.terms, place);
      a += number * kPanel;
      if (!first) place.before += number * kPanel;
      place.to += static_cast<std::ptrdiff_t>(number) * place.stride;
    }
    if (last && !is_final && !in_panels) store_transposed(product, sums, block, j, columns);
  }
}

template <class T>
void multiply(const PanelProduct<T>& product, const PartOfProduct& part, T* sums) {
  const Parts terms = parts_of_sums(product.k);
  const Parts rows(part.rows, part.rows <= kFewRows ? kFewRows : kRows, kRows / 2);
  const std::size_t end = part.first_row + part.rows;
  std::size_t term = 0;
  for (std::size_t i = 0; i < terms.number; ++i) {
    const std::size_t some = std::min(terms.size(i), product.k - term);
    std::size_t row = part.first_row;
    for (std::size_t block = 0; block < rows.number && row < end; row += rows.size(block), ++block)
      add_block(product, part, {row, std::min(rows.size(block), end - row), term, some}, sums);
    term += some;
  }
}

template <class T>
void multiply_transposed(const TransposedPanelProduct<T>& product, const PartOfProduct& part) {
  constexpr std::size_t kPanel = kWidth<T>;
  // Rows of which the columns of a stay in the second-level cache.
  constexpr std::size_t kRowsAtATime = 256;
  const std::size_t end = part.first_row + part.rows, last_column = part.first_column + part.columns;
  for (std::size_t row = part.first_row; row < end; row += kRowsAtATime)
    for (std::size_t j = part.first_column; j < last_column; j += kPanel) {
      const Tiles<TransposedTile<T>>& tiles_of = transposed_tiles<T>(product.subtracts, last_column - j);
      for (std::size_t i = row; i < std::min(end, row + kRowsAtATime); i += kPanel) {
        const T* a = product.a + i * product.k;
        T* c = product.c + j * product.m + i * kPanel;
        const Parts tiles(std::min(kPanel, end - i), kMostRows);
        for (std::size_t tile = 0; tile < tiles.number; ++tile) {
          const std::size_t number = tiles.size(tile);
          tiles_of[number - 1](a, product.b + j * product.k, product.k, c, product.scale);
          a += number;
          c += number * kPanel;
        }
      }
    }
}

/// Calls copy(first column, columns, row) so that lines of rows are gone along: from one panel to the next,
/// row by row, for a few panels.
template <class T, class Copy>
void for_rows_of_panels(std::size_t rows, std::size_t columns, const Copy& copy) {
  constexpr std::size_t kColumns = 8 * kWidth<T>;
  for (std::size_t begin = 0; begin < columns; begin += kColumns) {
    const std::size_t end = std::min(columns, begin + kColumns);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = begin; j < end; j += kWidth<T>) copy(j, std::min(kWidth<T>, columns - j), i);
  }
}

template <class T>
void pack(T* panels, std::size_t all_rows, const Matrix<T>& from, std::size_t rows, std::size_t columns) {
  constexpr auto kStride = static_cast<std::ptrdiff_t>(kWidth<T>);
  if (from.column_stride == 1)
    return for_rows_of_panels<T>(rows, columns, [&](std::size_t j, std::size_t some, std::size_t i) {
      Vector<T> row[2];
      load_row(row, from.data + static_cast<std::ptrdiff_t>(i) * from.row_stride + j, some);
      store_row(row, panels + j * all_rows + i * kWidth<T>, kWidth<T>);
    });
  for (std::size_t j = 0; j < columns; j += kWidth<T>, panels += all_rows * kWidth<T>) {
    const T* panel = from.data + static_cast<std::ptrdiff_t>(j) * from.column_stride;
    const std::size_t some = std::min(kWidth<T>, columns - j);
    if (some < kWidth<T>) std::fill_n(panels, rows * kWidth<T>, T(0));
    if (from.row_stride == 1) {
      transpose(panel, from.column_stride, panels, kStride, some, rows);
      continue;
    }
    T* to = panels;
    for (std::size_t i = 0; i < rows; ++i, panel += from.row_stride, to += kStride)
      for (std::size_t l = 0; l < some; ++l)
        to[l] = panel[static_cast<std::ptrdiff_t>(l) * from.column_stride];
  }
}

template <class T>
void unpack(T* to, std::ptrdiff_t stride, const T* panels, std::size_t rows, std::size_t columns) {
  for_rows_of_panels<T>(rows, columns, [&](std::size_t j, std::size_t some, std::size_t i) {
    Vector<T> row[2];
    load_row(row, panels + j * rows + i * kWidth<T>, kWidth<T>);
    store_row(row, to + static_cast<std::ptrdiff_t>(i) * stride + j, some);
  });
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_panels(Table<T>& table) {
  table.panels = {kWidth<T>, pack<T>, unpack<T>, multiply<T>, multiply_transposed<T>};
}

template void add_panels(Table<float>&);
template void add_panels(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
