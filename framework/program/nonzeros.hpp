#pragma once

#include "kernels/kernels.hpp"
#include "program/panels.hpp"

namespace talweg {

/// Which elements of a matrix in panels are not zero, in a buffer of its own: a first line holds their
/// number, the bits of the matrix and those of its transpose follow (kernels::SparseMatrix).
struct Nonzeros {
  InPanels matrix;
  View bits;  ///< all of the buffer

  [[nodiscard]] static std::int64_t bytes(std::int64_t rows, std::int64_t columns);

  [[nodiscard]] std::uint64_t& count_in(const Memory& memory) const;
  [[nodiscard]] std::uint64_t* bits_in(const Memory& memory) const;
  [[nodiscard]] std::uint64_t* transposed_bits_in(const Memory& memory) const;
  template <class T>
  [[nodiscard]] kernels::SparseMatrix<T> in(const Memory& memory) const {
    return {matrix.in<T>(memory), static_cast<std::size_t>(matrix.rows),
            static_cast<std::size_t>(matrix.columns), bits_in(memory), transposed_bits_in(memory)};
  }

  /// Are products sooner that leave out what is multiplied by so many zeros? By measurements, never by the
  /// clock.
  [[nodiscard]] bool are_few(std::uint64_t count) const;
};

/// Can that be, for products of a matrix of so many examples and columns with another of so many columns, or
/// with its transpose? Not for small ones.
[[nodiscard]] bool may_zeros_be_left_out(std::int64_t examples, std::int64_t columns,
                                         std::int64_t other_columns);

}  // namespace talweg
