#pragma once

#include "program/instruction.hpp"

namespace talweg {

/// One matrix of a stack of them.
struct MatrixView {
  View view;  ///< (batch..., rows, columns); batch axes have stride 0 where the stack repeats itself
  [[nodiscard]] std::int64_t row_stride() const { return view.stride(view.shape.rank() - 2); }
  [[nodiscard]] std::int64_t column_stride() const { return view.stride(view.shape.rank() - 1); }
};

/// c (batch..., m, n) becomes a (batch..., m, k) @ b (batch..., k, n). Transposed operands are read as they
/// lie. REQUIRES: c is contiguous; b's columns are contiguous, or n is 1.
class ProductStep final : public Step {
 public:
  ProductStep(const View& a, const View& b, const View& c) : a_{a}, b_{b}, c_{c} {}

  [[nodiscard]] std::vector<View> reads() const override { return {a_.view, b_.view}; }
  [[nodiscard]] std::vector<View> writes() const override { return {c_.view}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  MatrixView a_, b_, c_;
};

}  // namespace talweg
