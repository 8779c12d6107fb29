#pragma once

#include "program/instruction.hpp"

namespace talweg {

/// Which index belongs to element (o, n, k) of what is scattered: number o * outer + n * row + k * inner of
/// the indices.
struct IndexStrides {
  std::int64_t outer, row, inner;
};

/// Adds to a zero tensor at the places that indices name: element (o, n, k) of x (outer, number, inner) is
/// added to element (o, index, k) of the result (outer, size, inner), all contiguous. Sums are kept in
/// double. An index outside of the axis is left out. Threads divide the result.
class ScatterStep final : public Step {
 public:
  /// `axis` is that of the result; x has `number` in place of its size. `distinct`: no two elements come to
  /// the same place, the axis is the last and each element has an index of its own.
  ScatterStep(const View& x, const View& indices, const View& to, int axis, const IndexStrides& strides,
              bool distinct = false);

  [[nodiscard]] std::vector<View> reads() const override { return {x_, indices_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::int64_t scratch_elements() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View x_, indices_, to_;
  IndexStrides strides_;
  bool distinct_;
  std::int64_t outer_, number_, size_, inner_;
};

}  // namespace talweg
