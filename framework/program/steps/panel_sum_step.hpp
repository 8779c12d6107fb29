#pragma once

#include "program/panels.hpp"

namespace talweg {

/// The sum of the rows of a matrix in panels.
class PanelSumStep final : public Step {
 public:
  /// `to` is contiguous, with an element for each column.
  PanelSumStep(const InPanels& x, const View& to) : x_(x), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {x_.view()}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::int64_t scratch_elements() const override;
  [[nodiscard]] double operations() const override { return static_cast<double>(x_.rows * x_.columns); }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  InPanels x_;
  View to_;
};

}  // namespace talweg
