#pragma once

#include <optional>

#include "ops/windows.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// Where in its plane the largest element of each window is, row of windows by row, and if somebody asks for
/// them the largest elements themselves. Threads divide the planes. REQUIRES: the views are contiguous.
class MaxPoolStep final : public Step {
 public:
  MaxPoolStep(const WindowAxes& axes, const View& x, const View& places)
      : axes_(axes), x_(x), places_(places) {}

  /// `outside` for a window of nothing but padding. REQUIRES: !writes_largest().
  void write_largest(const View& to, double outside) {
    largest_ = to;
    outside_ = outside;
  }
  [[nodiscard]] bool writes_largest() const { return largest_.has_value(); }

  [[nodiscard]] std::vector<View> reads() const override { return {x_}; }
  [[nodiscard]] std::vector<View> writes() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  WindowAxes axes_;
  View x_, places_;
  std::optional<View> largest_;
  double outside_ = 0;
};

}  // namespace talweg
