// Matrix products of one instruction set, for matrices that fit the caches.

#include <algorithm>
#include <iterator>

#include "kernels/build.hpp"
#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// What becomes of the sums (ProductEnd).
template <class T>
struct Assign {
  explicit Assign(T /*scale*/) {}
  void whole(const Vector<T>& sum, T* c) const { store(sum, c); }
  void part(const Vector<T>& sum, T* c, std::size_t n) const { store_part(sum, c, n); }
  void single(T sum, T* c) const { *c = sum; }
  void four(const Vector<T> (&totals)[4], T* c) const { add_lanes(totals, c); }
};
template <class T>
struct Subtract {
  explicit Subtract(T scale) : scale_(scale) {}
  void whole(const Vector<T>& sum, T* c) const { store(load(c) - Vector<T>(scale_) * sum, c); }
  void part(const Vector<T>& sum, T* c, std::size_t n) const {
    store_part(load_part(c, n) - Vector<T>(scale_) * sum, c, n);
  }
  void single(T sum, T* c) const { *c -= scale_ * sum; }
  void four(const Vector<T> (&totals)[4], T* c) const {
    T sums[4];
    add_lanes(totals, sums);
    for (std::size_t i = 0; i < 4; ++i) single(sums[i], c + i);
  }

 private:
  T scale_;
};

/// One step of the sum over k: `last` lanes of the last vector count, all where kWhole.
template <class T, std::size_t kRows, std::size_t kVectors, bool kWhole>
inline void add_outer(Vector<T> (&total)[kRows][kVectors], const T* a, std::ptrdiff_t a_row, const T* b,
                      [[maybe_unused]] std::size_t last) {
  Vector<T> from_b[kVectors];
  for (std::size_t j = 0; j + 1 < kVectors; ++j) from_b[j] = load(b + j * kLanes<T>);
  if constexpr (kWhole)
    from_b[kVectors - 1] = load(b + (kVectors - 1) * kLanes<T>);
  else
    from_b[kVectors - 1] = load_part(b + (kVectors - 1) * kLanes<T>, last);
  for (std::size_t i = 0; i < kRows; ++i) {
    const Vector<T> from_a(a[static_cast<std::ptrdiff_t>(i) * a_row]);
    for (std::size_t j = 0; j < kVectors; ++j) total[i][j] = multiply_add(from_a, from_b[j], total[i][j]);
  }
}

/// kRows rows of c, columns of kVectors vectors. Even and odd terms are summed by themselves: two short sums
/// lose less than a long one, and do not wait for each other.
template <class T, std::size_t kRows, std::size_t kVectors, bool kWhole, class End>
void block(const End& end, T* c, std::ptrdiff_t c_stride, const T* a, std::ptrdiff_t a_row,
           std::ptrdiff_t a_column, const T* b, std::ptrdiff_t b_row, std::size_t k, std::size_t last) {
  Vector<T> even[kRows][kVectors], odd[kRows][kVectors];
  for (std::size_t i = 0; i < kRows; ++i)
    for (std::size_t j = 0; j < kVectors; ++j) even[i][j] = odd[i][j] = Vector<T>(T(0));
  std::size_t l = 0;
  for (; l + 2 <= k; l += 2, a += 2 * a_column, b += 2 * b_row) {
    add_outer<T, kRows, kVectors, kWhole>(even, a, a_row, b, last);
    add_outer<T, kRows, kVectors, kWhole>(odd, a + a_column, a_row, b + b_row, last);
  }
  if (l < k) add_outer<T, kRows, kVectors, kWhole>(even, a, a_row, b, last);
  if (k > 1)
    for (std::size_t i = 0; i < kRows; ++i)
      for (std::size_t j = 0; j < kVectors; ++j) even[i][j] += odd[i][j];
  for (std::size_t i = 0; i < kRows; ++i, c += c_stride)
    for (std::size_t j = 0; j < kVectors; ++j)
      if (kWhole || j + 1 < kVectors)
        end.whole(even[i][j], c + j * kLanes<T>);
      else
        end.part(even[i][j], c + j * kLanes<T>, last);
}

/// Rows of a block whose sums stay in registers beside what is read for them.
template <std::size_t kVectors>
inline constexpr std::size_t kBlockRows = std::min<std::size_t>((kRegisters - kVectors - 1) / (2 * kVectors),
                                                                4);

/// All rows of kVectors vectors of columns.
template <class T, std::size_t kVectors, bool kWhole, class End>
void panel(const End& end, T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const T* b,
           std::ptrdiff_t b_row, std::size_t m, std::size_t k, std::size_t last) {
  constexpr std::ptrdiff_t kRows = kBlockRows<kVectors>;
  const T* from = a.data;
  // Where a block takes three, the last four are twice two rows: one row alone waits for its own sums.
  for (; m >= kRows && (kRows != 3 || m != 4);
       m -= kRows, from += kRows * a.row_stride, c += kRows * c_stride)
    block<T, kRows, kVectors, kWhole>(end, c, c_stride, from, a.row_stride, a.column_stride, b, b_row, k,
                                      last);
  for (; m >= 2; m -= 2, from += 2 * a.row_stride, c += 2 * c_stride)
    block<T, 2, kVectors, kWhole>(end, c, c_stride, from, a.row_stride, a.column_stride, b, b_row, k, last);
  if (m > 0)
    block<T, 1, kVectors, kWhole>(end, c, c_stride, from, a.row_stride, a.column_stride, b, b_row, k, last);
}

template <class T, class End>
void rows_of_vectors(const End& end, T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const Matrix<T>& b,
                     std::size_t m, std::size_t n, std::size_t k) {
  constexpr std::size_t kLane = kLanes<T>;
  std::size_t j = 0;
  for (; j + 2 * kLane <= n; j += 2 * kLane)
    panel<T, 2, true>(end, c + j, c_stride, a, b.data + j, b.row_stride, m, k, 0);
  if (j + kLane <= n) {
    panel<T, 1, true>(end, c + j, c_stride, a, b.data + j, b.row_stride, m, k, 0);
    j += kLane;
  }
  if (j < n) panel<T, 1, false>(end, c + j, c_stride, a, b.data + j, b.row_stride, m, k, n - j);
}

/// Four rows times one column, side by side: the same sums as four times `dot`, which need not wait for each
/// other.
template <class T, class End>
void four_dots(const End& end, T* c, const T* a, std::ptrdiff_t a_row, const T* b, std::size_t k) {
  constexpr std::size_t kRows = 4;
  Vector<T> total[kRows] = {Vector<T>(T(0)), Vector<T>(T(0)), Vector<T>(T(0)), Vector<T>(T(0))};
  std::size_t l = 0;
  for (; l + kLanes<T> <= k; l += kLanes<T>) {
    const Vector<T> from_b = load(b + l);
    for (std::size_t i = 0; i < kRows; ++i)
      total[i] = multiply_add(load(a + static_cast<std::ptrdiff_t>(i) * a_row + l), from_b, total[i]);
  }
  if (l < k) {
    const Vector<T> from_b = load_part(b + l, k - l);
    for (std::size_t i = 0; i < kRows; ++i)
      total[i] =
          multiply_add(load_part(a + static_cast<std::ptrdiff_t>(i) * a_row + l, k - l), from_b, total[i]);
  }
  end.four(total, c);
}

template <class T>
T dot(const T* a, const T* b, std::size_t k) {
  Vector<T> total(T(0));
  std::size_t l = 0;
  for (; l + kLanes<T> <= k; l += kLanes<T>) total = multiply_add(load(a + l), load(b + l), total);
  if (l < k) total = multiply_add(load_part(a + l, k - l), load_part(b + l, k - l), total);
  return sum_of_lanes(total);
}

/// One row of c, one vector of columns, kTerms terms, in the order of `block`.
template <class T, std::size_t kTerms>
inline Vector<T> short_sum(const Vector<T> (&a)[kTerms], const Vector<T> (&b)[kTerms]) {
  Vector<T> even(T(0)), odd(T(0));
  for (std::size_t l = 0; l < kTerms; ++l) {
    Vector<T>& total = l % 2 == 0 ? even : odd;
    total = multiply_add(a[l], b[l], total);
  }
  return kTerms == 1 ? even : even + odd;
}

/// kRows rows of c, whose factors stay in registers while the columns pass by.
template <class T, std::size_t kTerms, std::size_t kRows, class End>
inline void short_rows(const End& end, T* c, std::ptrdiff_t c_stride, const T* a, std::ptrdiff_t a_row,
                       std::ptrdiff_t a_column, const T* b, std::ptrdiff_t b_row, std::size_t n) {
  Vector<T> from_a[kRows][kTerms];
  for (std::size_t i = 0; i < kRows; ++i)
    for (std::size_t l = 0; l < kTerms; ++l)
      from_a[i][l] =
          Vector<T>(a[static_cast<std::ptrdiff_t>(i) * a_row + static_cast<std::ptrdiff_t>(l) * a_column]);
  for (std::size_t j = 0; j < n; j += kLanes<T>) {
    Vector<T> from_b[kTerms];
    for (std::size_t l = 0; l < kTerms; ++l) from_b[l] = load(b + static_cast<std::ptrdiff_t>(l) * b_row + j);
    for (std::size_t i = 0; i < kRows; ++i)
      end.whole(short_sum<T, kTerms>(from_a[i], from_b), c + static_cast<std::ptrdiff_t>(i) * c_stride + j);
  }
}

/// Products of kTerms terms whose rows are whole vectors.
template <class T, class End, std::size_t kTerms>
void short_product(T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const Matrix<T>& b, std::size_t m,
                   std::size_t n, std::size_t /*k*/, T scale) {
  const End end(scale);
  constexpr std::ptrdiff_t kRows = kTerms <= 3 ? 4 : 3;  // twelve registers of sixteen hold factors
  const T* from = a.data;
  for (; m >= kRows; m -= kRows, from += kRows * a.row_stride, c += kRows * c_stride)
    short_rows<T, kTerms, kRows>(end, c, c_stride, from, a.row_stride, a.column_stride, b.data, b.row_stride,
                                 n);
  for (; m > 0; --m, from += a.row_stride, c += c_stride)
    short_rows<T, kTerms, 1>(end, c, c_stride, from, a.row_stride, a.column_stride, b.data, b.row_stride, n);
}

/// The same where a row is one vector: the terms of b stay in registers while the rows pass by.
template <class T, class End, std::size_t kTerms>
void short_product_of_vector(T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const Matrix<T>& b,
                             std::size_t m, std::size_t /*n*/, std::size_t /*k*/, T scale) {
  const End end(scale);
  Vector<T> from_b[kTerms];
  for (std::size_t l = 0; l < kTerms; ++l)
    from_b[l] = load(b.data + static_cast<std::ptrdiff_t>(l) * b.row_stride);
  const T* from = a.data;
  for (std::size_t i = 0; i < m; ++i, from += a.row_stride, c += c_stride) {
    Vector<T> from_a[kTerms];
    for (std::size_t l = 0; l < kTerms; ++l)
      from_a[l] = Vector<T>(from[static_cast<std::ptrdiff_t>(l) * a.column_stride]);
    end.whole(short_sum<T, kTerms>(from_a, from_b), c);
  }
}

template <class T, class End>
ProductKernel<T> find_product(std::size_t n, std::size_t k) {
  constexpr ProductKernel<T> kOfVectors[] = {
      short_product_of_vector<T, End, 1>, short_product_of_vector<T, End, 2>,
      short_product_of_vector<T, End, 3>, short_product_of_vector<T, End, 4>};
  constexpr ProductKernel<T> kOthers[] = {short_product<T, End, 1>, short_product<T, End, 2>,
                                          short_product<T, End, 3>, short_product<T, End, 4>};
  if (n % kLanes<T> != 0 || k < 1 || k > std::size(kOthers)) return nullptr;
  return n == kLanes<T> ? kOfVectors[k - 1] : kOthers[k - 1];
}

/// a @ b where b is one column: c is a column too, its elements c_stride apart.
template <class T, class End>
void one_column(T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const Matrix<T>& b, std::size_t m,
                std::size_t k, T scale) {
  const End end(scale);
  if (c_stride == 1 && a.row_stride == 1) {
    // c^T = b^T a^T, whose rows are contiguous.
    const Matrix<T> row{b.data, 0, b.row_stride}, columns{a.data, a.column_stride, 1};
    if (const ProductKernel<T> found = find_product<T, End>(m, k))
      found(c, 0, row, columns, 1, m, k, scale);
    else
      rows_of_vectors(end, c, 0, row, columns, 1, m, k);
    return;
  }
  const bool contiguous = a.column_stride == 1 && b.row_stride == 1;
  std::size_t i = 0;
  if (contiguous && c_stride == 1)
    for (; i + 4 <= m; i += 4, c += 4)
      four_dots(end, c, a.data + static_cast<std::ptrdiff_t>(i) * a.row_stride, a.row_stride, b.data, k);
  for (; i < m; ++i, c += c_stride) {
    const T* from = a.data + static_cast<std::ptrdiff_t>(i) * a.row_stride;
    if (contiguous) {
      end.single(dot(from, b.data, k), c);
      continue;
    }
    T total = 0;
    for (std::size_t l = 0; l < k; ++l)
      total += from[static_cast<std::ptrdiff_t>(l) * a.column_stride] *
               b.data[static_cast<std::ptrdiff_t>(l) * b.row_stride];
    end.single(total, c);
  }
}

template <class T, class End>
void product(T* c, std::ptrdiff_t c_stride, const Matrix<T>& a, const Matrix<T>& b, std::size_t m,
             std::size_t n, std::size_t k, T scale) {
  if (n == 1)
    one_column<T, End>(c, c_stride, a, b, m, k, scale);
  else
    rows_of_vectors(End(scale), c, c_stride, a, b, m, n, k);
}

template <class T, class End>
void add_products_that(ProductEnd end, Table<T>& table) {
  table.product[static_cast<std::size_t>(end)] = product<T, End>;
  table.find_product[static_cast<std::size_t>(end)] = find_product<T, End>;
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_products(Table<T>& table) {
  add_products_that<T, Assign<T>>(ProductEnd::assign, table);
  add_products_that<T, Subtract<T>>(ProductEnd::subtract, table);
}

template void add_products(Table<float>&);
template void add_products(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
