#pragma once

#include "kernels/kernels.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// Reduces the middle axis of (outer, reduced, inner), a contiguous tensor, to (outer, inner).
class ReductionStep final : public Step {
 public:
  ReductionStep(kernels::Reduction reduction, const View& x, const View& to, std::int64_t outer,
                std::int64_t reduced, std::int64_t inner)
      : reduction_(reduction), x_(x), to_(to), outer_(outer), reduced_(reduced), inner_(inner) {}

  /// Is it the sum of the rows of a matrix (reduced, inner)?
  [[nodiscard]] bool is_sum_of_rows() const {
    return reduction_ == kernels::Reduction::sum && outer_ == 1 && inner_ > 1;
  }
  [[nodiscard]] std::int64_t reduced() const { return reduced_; }
  [[nodiscard]] std::int64_t inner() const { return inner_; }

  [[nodiscard]] std::vector<View> reads() const override { return {x_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] double operations() const override { return static_cast<double>(x_.shape.elements()); }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  kernels::Reduction reduction_;
  View x_, to_;
  std::int64_t outer_, reduced_, inner_;
};

}  // namespace talweg
