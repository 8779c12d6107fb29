#include "program/steps/sparse_product.hpp"

namespace talweg {
namespace {

using Side = PanelParts::Side;
using enum kernels::ResultLayout;

/// Half of the columns that are computed together are almost as fast as all.
template <class T>
PanelParts::Grain sparse_grain() {
  constexpr std::int64_t kRows = 64;
  return {kRows, static_cast<std::int64_t>(kernels::table<T>().sparse.columns_at_a_time) / 2};
}

/// Columns of c that are computed as rows of c^T.
PanelParts::Grain transposed(const PanelParts::Grain& grain) { return {grain.columns, grain.rows}; }

template <class T>
bool is_transposed(const kernels::PanelProduct<T>& product) {
  return product.c_layout == columns || product.c_layout == transposed_panels;
}

std::int64_t zeros_of(const Nonzeros& nonzeros, std::uint64_t count) {
  return nonzeros.matrix.rows * nonzeros.matrix.columns - static_cast<std::int64_t>(count);
}

/// Each zero is multiplied by a row of so many.
double operations_of_zeros(std::int64_t zeros, std::int64_t others) {
  return operations_of_product(zeros, others, 1);
}

}  // namespace

template <class T>
SparsePanelProduct<T>::SparsePanelProduct(const Memory& memory, const Nonzeros& nonzeros,
                                          const kernels::PanelProduct<T>& product, Side side)
    : nonzeros_(nonzeros),
      count_(nonzeros.count_in(memory)),
      product_{.a = nonzeros.in<T>(memory),
               .b = is_transposed(product) ? product.a : product.b,
               .b_is_transposed = is_transposed(product),
               .bias = product.bias,
               .relu = product.relu,
               .mask = product.mask,
               .c = product.c,
               .c_in_panels = product.c_layout == panels || product.c_layout == transposed_panels,
               .c_stride = product.c_stride,
               .n = is_transposed(product) ? product.m : product.n},
      parts_(memory, nonzeros.matrix.rows, static_cast<std::int64_t>(product_.n), nonzeros.matrix.columns,
             is_transposed(product) == (side == Side::rows) ? Side::columns : Side::rows, sparse_grain<T>()) {
}

template <class T>
void SparsePanelProduct<T>::run() {
  parts_.run([&](const kernels::PartOfProduct& part, int /*piece*/) {
    kernels::table<T>().sparse.multiply(product_, part);
  });
}

template <class T>
double SparsePanelProduct<T>::left_out() const {
  return operations_of_zeros(zeros_of(nonzeros_, count_), static_cast<std::int64_t>(product_.n));
}

template <class T>
SparseTransposedProduct<T>::SparseTransposedProduct(const Memory& memory, const Nonzeros& nonzeros, bool is_a,
                                                    const kernels::TransposedPanelProduct<T>& product,
                                                    Side side)
    : nonzeros_(nonzeros),
      is_a_(is_a),
      count_(nonzeros.count_in(memory)),
      matrix_(nonzeros.in<T>(memory)),
      others_(static_cast<std::int64_t>(is_a ? product.n : product.m)),
      parts_(memory, static_cast<std::int64_t>(product.m), static_cast<std::int64_t>(product.n),
             static_cast<std::int64_t>(product.k), side,
             is_a ? sparse_grain<T>() : transposed(sparse_grain<T>())) {}

template <class T>
double SparseTransposedProduct<T>::density() const {
  return static_cast<double>(count_) / static_cast<double>(nonzeros_.matrix.rows * nonzeros_.matrix.columns);
}

template <class T>
void SparseTransposedProduct<T>::run(const kernels::TransposedPanelProduct<T>& product) {
  const kernels::SparseKernels<T>& sparse = kernels::table<T>().sparse;
  const auto multiply = is_a_ ? sparse.multiply_transposed : sparse.multiply_transposed_by;
  parts_.run([&](const kernels::PartOfProduct& part, int /*piece*/) { multiply(product, matrix_, part); });
}

template <class T>
double SparseTransposedProduct<T>::left_out() const {
  return operations_of_zeros(zeros_of(nonzeros_, count_), others_);
}

template class SparsePanelProduct<float>;
template class SparsePanelProduct<double>;
template class SparseTransposedProduct<float>;
template class SparseTransposedProduct<double>;

}  // namespace talweg
