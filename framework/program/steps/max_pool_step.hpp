#pragma once

#include "ops/windows.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// Where in its plane the largest element of each window is, row of windows by row. Threads divide the
/// planes. REQUIRES: both views are contiguous.
class MaxPoolStep final : public Step {
 public:
  MaxPoolStep(const WindowAxes& axes, const View& x, const View& to) : axes_(axes), x_(x), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {x_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  WindowAxes axes_;
  View x_, to_;
};

}  // namespace talweg
