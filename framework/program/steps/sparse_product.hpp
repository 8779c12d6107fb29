#pragma once

#include "program/nonzeros.hpp"
#include "program/steps/panel_parts.hpp"

namespace talweg {

/// What products of panels run in place of the dense kernels where a matrix has many zeros, found anew in
/// each run of the program.
template <class T>
class SparsePanelProduct {
 public:
  /// The same as `product`, which its threads divide by that side. Sparse is a or, where the transpose is
  /// written, b^T: its rows are the examples.
  SparsePanelProduct(const Memory& memory, const Nonzeros& nonzeros, const kernels::PanelProduct<T>& product,
                     PanelParts::Side side);

  [[nodiscard]] bool is_faster() const { return nonzeros_.are_few(count_); }
  void run();
  /// Operations that it saves.
  [[nodiscard]] double left_out() const;

 private:
  Nonzeros nonzeros_;
  const std::uint64_t& count_;
  kernels::SparseProduct<T> product_;
  PanelParts parts_;
};

/// The same for a^T @ b, of which one is sparse.
template <class T>
class SparseTransposedProduct {
 public:
  SparseTransposedProduct(const Memory& memory, const Nonzeros& nonzeros, bool is_a,
                          const kernels::TransposedPanelProduct<T>& product, PanelParts::Side side);

  [[nodiscard]] bool is_faster() const { return nonzeros_.are_few(count_); }
  /// The part of the elements that are not zero.
  [[nodiscard]] double density() const;
  void run(const kernels::TransposedPanelProduct<T>& product);
  [[nodiscard]] double left_out() const;

 private:
  Nonzeros nonzeros_;
  bool is_a_;
  const std::uint64_t& count_;
  kernels::SparseMatrix<T> matrix_;
  std::int64_t others_;  ///< columns of the other matrix
  PanelParts parts_;
};

}  // namespace talweg
