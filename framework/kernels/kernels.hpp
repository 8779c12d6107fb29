#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// The hot loops. One source, built for each instruction set and chosen when the program starts. Kernels know
// pointers and sizes and nothing else; no memory is allocated.

namespace talweg::kernels {

/// The elementwise functions. The names are those of the ops.
enum class Elementwise : std::uint8_t {
  // of one value
  copy,
  negative,
  exp,
  expm1,
  log,
  log1p,
  sqrt,
  abs,
  sign,
  floor,
  ceil,
  round,
  sin,
  cos,
  tan,
  arcsin,
  arccos,
  arctan,
  sinh,
  cosh,
  tanh,
  sigmoid,
  relu,
  gelu,
  gelu_derivative,
  silu,
  erf,
  square,
  reciprocal,
  // of two: leaky_relu and elu of x and their attribute
  leaky_relu,
  elu,
  add,
  subtract,
  multiply,
  divide,
  power,
  maximum,
  minimum,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  // of three: softplus of x, beta and threshold
  softplus,
  where,
  count_
};

inline constexpr std::size_t kElementwiseCount = static_cast<std::size_t>(Elementwise::count_);

/// out[i] = f(a[i], b[i], c[i]) for i < n. `out` may be one of the operands. Unused operands are not read.
/// `whole`: the last vector may be written as a whole, beyond n, up to a multiple of kVectorBytes; what is
/// written in parts has to reach the cache before it can be read again.
template <class T>
using ElementwiseKernel = void (*)(T* out, const T* a, const T* b, const T* c, std::size_t n, bool whole);

/// No vector is longer.
inline constexpr std::size_t kVectorBytes = 64;

/// Which operands are one value for all i: bit 0 for a, 1 for b, 2 for c.
inline constexpr std::size_t kOperandModes = 8;

// Several functions in one pass: what lies between them stays in registers, each value rounded as the
// function by itself rounds it.

/// inner(a, b) or inner(a), of which an outer function is taken.
enum class Inner : std::uint8_t { add, subtract, multiply, divide, square, sqrt, count_ };
inline constexpr std::size_t kInnerCount = static_cast<std::size_t>(Inner::count_);

/// Of the inner function's value x, and c: x + c, x - c, c - x, x * c, x / c, c / x, or without c the root of
/// x or relu of x.
enum class Outer : std::uint8_t {
  add,
  subtract,
  subtract_from,
  multiply,
  divide,
  divide_into,
  sqrt,
  relu,
  count_
};
inline constexpr std::size_t kOuterCount = static_cast<std::size_t>(Outer::count_);

/// Of a and b: whether c is chosen, or else d.
enum class Choice : std::uint8_t { less_equal, greater, count_ };
inline constexpr std::size_t kChoiceCount = static_cast<std::size_t>(Choice::count_);

/// out[i] becomes a b + c d or another function of four values; see Table.
template <class T>
using KernelOfFour = void (*)(T* out, const T* a, const T* b, const T* c, const T* d, std::size_t n,
                              bool whole);

enum class Reduction : std::uint8_t { sum, prod, max, min, count_ };
inline constexpr std::size_t kReductionCount = static_cast<std::size_t>(Reduction::count_);

/// x is (outer, reduced, inner), row-major; out is (outer, inner). A float32 sum or product is accumulated
/// in double; max and min of something that holds NaN are NaN. REQUIRES: reduced > 0 for max and min.
template <class T>
using ReductionKernel = void (*)(T* out, const T* x, std::size_t outer, std::size_t reduced,
                                 std::size_t inner);

/// A matrix of which neither axis need be contiguous; strides in elements.
template <class T>
struct Matrix {
  const T* data;
  std::ptrdiff_t row_stride;
  std::ptrdiff_t column_stride;
};

/// What a ProductKernel does to c: c becomes the product, or c - scale * the product, where product,
/// multiplication and difference are each rounded by themselves.
enum class ProductEnd : std::uint8_t { assign, subtract, count_ };
inline constexpr std::size_t kProductEndCount = static_cast<std::size_t>(ProductEnd::count_);

/// Of a (m, k) @ b (k, n), to c (m, n). Meant for products that fit the caches. Rows of c are `c_stride`
/// apart. `scale` is that of a subtraction. REQUIRES: b's columns are contiguous (column_stride 1), or n
/// is 1.
template <class T>
using ProductKernel = void (*)(T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const Matrix<T>& b,
                               std::size_t m, std::size_t n, std::size_t k, T scale);

/// Finds a kernel for products of one size: the same bits as `product`, sooner. Null where there is none.
template <class T>
using FindProduct = ProductKernel<T> (*)(std::size_t n, std::size_t k);

// Products of large matrices that lie in panels: the first w columns row by row, then the next w, and so on.
// Element (i, j) of a matrix of r rows is at [j / w][i][j % w]. So it is read in the order in which it lies
// as either operand and as what is subtracted from. Behind its last column are zeros, if functions make no
// other numbers of them: no element of a product depends on those. Panels begin at multiples of kVectorBytes.

/// Where element (i, j) of a result is.
enum class ResultLayout : std::uint8_t {
  rows,              ///< i * stride + j
  columns,           ///< j * stride + i
  panels,            ///< j / w * stride + i * w + j % w
  transposed_panels  ///< i / w * stride + j * w + i % w
};

/// c (m, n) becomes a (m, k) @ b (k, n), and where they are asked for that plus a row, relu of the result,
/// and 0 where a mask is not above 0. a and b lie in panels. REQUIRES: k > 0.
template <class T>
struct PanelProduct {
  const T* a;
  const T* b;
  const T* bias;  ///< the row; null where there is none, and where c is transposed
  bool relu;
  const T* mask;  ///< it lies as c does; null where there is none, and where c is not transposed
  T* c;
  ResultLayout c_layout;
  std::ptrdiff_t c_stride;
  std::size_t m, n, k;
};

/// c (m, n) becomes a^T (m, k) @ b (k, n), or c - scale * that, where a, b and c lie in panels. What is
/// subtracted is rounded once, with the difference. All k terms are one sum.
template <class T>
struct TransposedPanelProduct {
  const T* a;  ///< as (k, m)
  const T* b;
  T* c;
  std::size_t m, n, k;
  bool subtracts;
  T scale;
};

/// Rows and columns of c, from multiples of w on.
struct PartOfProduct {
  std::size_t first_row, rows, first_column, columns;
};

template <class T>
struct PanelKernels {
  std::size_t width;  ///< w
  /// Into some rows of a matrix that has `all_rows`.
  void (*pack)(T* panels, std::size_t all_rows, const Matrix<T>& from, std::size_t rows, std::size_t columns);
  void (*unpack)(T* to, std::ptrdiff_t stride, const T* panels, std::size_t rows, std::size_t columns);
  /// `sums` is for as many elements as the part would have in panels; not used where c lies in panels.
  void (*multiply)(const PanelProduct<T>& product, const PartOfProduct& part, T* sums);
  void (*multiply_transposed)(const TransposedPanelProduct<T>& product, const PartOfProduct& part);
};

/// A matrix in panels, and which of its elements are not zero: of element (i, j) says that bit j % 64 of
/// nonzeros[i + rows * (j / 64)], and bit i % 64 of transposed_nonzeros[j + columns * (i / 64)]. Bits of no
/// element are 0.
template <class T>
struct SparseMatrix {
  const T* panels;
  std::size_t rows, columns;
  const std::uint64_t* nonzeros;
  const std::uint64_t* transposed_nonzeros;
};

/// c (m, n) becomes a (m, k) @ b (k, n), and where they are asked for that plus a row, relu of the result,
/// and 0 where a mask is not above 0. REQUIRES: k > 0.
template <class T>
struct SparseProduct {
  SparseMatrix<T> a;
  const T* b;            ///< in panels
  bool b_is_transposed;  ///< is it (n, k) that lies there?
  const T* bias;         ///< the row; null where there is none
  bool relu;
  const T* mask;  ///< it lies as c does; null where there is none
  T* c;
  bool c_in_panels;
  std::ptrdiff_t c_stride;  ///< from one row to the next, or from one panel to the next
  std::size_t n;
};

/// Products that leave out what is multiplied by zeros of a sparse matrix: to the same bits as PanelKernels,
/// unless a sum is a zero, which may have another sign. Nothing is left out where that would be infinite or
/// NaN.
template <class T>
struct SparseKernels {
  /// Columns of a product that are computed together: a part should have a multiple of them.
  std::size_t columns_at_a_time;
  /// Writes the bits of some columns, from a multiple of 64 on, and returns how many of them are 1.
  std::size_t (*find_nonzeros)(const T* panels, std::size_t rows, std::size_t columns, std::size_t first,
                               std::size_t some, std::uint64_t* nonzeros, std::uint64_t* transposed_nonzeros);
  void (*multiply)(const SparseProduct<T>& product, const PartOfProduct& part);
  /// What is sparse is a of the product.
  void (*multiply_transposed)(const TransposedPanelProduct<T>& product, const SparseMatrix<T>& a,
                              const PartOfProduct& part);
  /// What is sparse is b of the product. Columns of c are computed as rows of c^T: the rows of a part should
  /// be a multiple of those that are computed together.
  void (*multiply_transposed_by)(const TransposedPanelProduct<T>& product, const SparseMatrix<T>& b,
                                 const PartOfProduct& part);
};

/// Windows side by side that have the same elements: element k of the i-th is plane[elements[k] + i *
/// stride].
template <class T>
struct Windows {
  const T* plane;
  const std::ptrdiff_t* elements;
  std::size_t number;  ///< of elements, at least one
  std::size_t stride;
};

/// largest[i] is the largest element of window i, the first among equals, or the first NaN, and places[i]
/// where it is in its plane, for i < n. `largest` may be null. Up to `room` of them may be written.
template <class T>
using FindLargestKernel = void (*)(const Windows<T>& windows, T* largest, T* places, std::size_t n,
                                   std::size_t room);

/// Planes y of some filters, row by row without gaps, over a plane x at several shifts along its rows.
template <class T>
struct ShiftedPlanes {
  const T* x;
  const T* y;
  std::size_t x_row;          ///< from a row of x to that which the next row of y is over
  std::size_t y_plane;        ///< from a filter's plane to the next one's
  std::size_t rows, columns;  ///< of y
  std::size_t filters, shifts;
  std::size_t shift;  ///< elements between two shifts
};

/// out[f * out_stride + j] becomes the sum over rows and columns of y of filter f times x at shift j.
template <class T>
using CorrelateKernel = void (*)(const ShiftedPlanes<T>& planes, T* out, std::size_t out_stride);

template <class T>
struct Table {
  ElementwiseKernel<T> elementwise[kElementwiseCount][kOperandModes];
  /// By modes of a, b and c. Null where inner and outer function have one operand each, and where a and b
  /// are one value for all i.
  ElementwiseKernel<T> composed[kInnerCount][kOuterCount][kOperandModes];
  /// a b + c d or, where the first index is 1, a b - c d; where the second is 1, with d^2 for d. Bit 0 of the
  /// third: a is one value for all i, bit 1: c is.
  KernelOfFour<T> products[2][2][4];
  /// (a - b) c d, the last factor last. The index: a is one value for all i.
  KernelOfFour<T> product_of_difference[2];
  /// c where a and b compare like that, else d, by modes of b, c and d.
  KernelOfFour<T> choice[kChoiceCount][kOperandModes];
  ReductionKernel<T> reduction[kReductionCount];
  ProductKernel<T> product[kProductEndCount];
  FindProduct<T> find_product[kProductEndCount];
  PanelKernels<T> panels;
  SparseKernels<T> sparse;
  FindLargestKernel<T> find_largest;
  CorrelateKernel<T> correlate;
};

/// The kernels of the best instruction set that this machine has, or of the one that
/// $TALWEG_INSTRUCTION_SET names ("x86-64-v2", "x86-64-v3", "x86-64-v4") where the machine has that one.
template <class T>
[[nodiscard]] const Table<T>& table();
/// The kernels for rows of n values: those of a lesser instruction set where its vectors hold them all.
template <class T>
[[nodiscard]] const Table<T>& table_for(std::size_t n);
/// Its name, "baseline" on other architectures.
[[nodiscard]] std::string_view instruction_set();
/// What $TALWEG_INSTRUCTION_SET names, where this machine has no kernels for it; else nothing.
[[nodiscard]] std::string_view lacking_instruction_set();

}  // namespace talweg::kernels
