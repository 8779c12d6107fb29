#pragma once

#include "program/instruction.hpp"

namespace talweg {

/// Element (o, n, k) becomes element (o, index (o, n, k), k) of x (outer, size, inner), or `outside` where
/// the index is not one of the axis. All are contiguous. Threads divide the first axis.
class TakeAlongStep final : public Step {
 public:
  TakeAlongStep(const View& x, const View& indices, const View& to, int axis, double outside)
      : x_(x), indices_(indices), to_(to), axis_(axis), outside_(outside) {}

  [[nodiscard]] std::vector<View> reads() const override { return {x_, indices_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View x_, indices_, to_;
  int axis_;
  double outside_;
};

}  // namespace talweg
