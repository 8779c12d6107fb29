#pragma once

#include "program/instruction.hpp"

namespace talweg {

/// Adds slices to a zero tensor at the places that indices name: x is (outer, indices, inner), the result
/// (outer, size, inner), all contiguous. Sums are kept in double. An index outside of the axis is left out.
class TakeAdjointStep final : public Step {
 public:
  TakeAdjointStep(const View& x, const View& indices, const View& to, std::int64_t outer, std::int64_t size,
                  std::int64_t inner)
      : x_(x), indices_(indices), to_(to), outer_(outer), size_(size), inner_(inner) {}

  [[nodiscard]] std::vector<View> reads() const override { return {x_, indices_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  /// Of float32 elements two make a double.
  [[nodiscard]] std::int64_t scratch_elements() const override { return 2 * size_ * inner_; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View x_, indices_, to_;
  std::int64_t outer_, size_, inner_;
};

}  // namespace talweg
