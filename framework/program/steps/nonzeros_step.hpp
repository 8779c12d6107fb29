#pragma once

#include "program/nonzeros.hpp"

namespace talweg {

/// Finds out which elements of a matrix are not zero.
class NonzerosStep final : public Step {
 public:
  explicit NonzerosStep(const Nonzeros& nonzeros) : nonzeros_(nonzeros) {}

  [[nodiscard]] std::vector<View> reads() const override { return {nonzeros_.matrix.view()}; }
  [[nodiscard]] std::vector<View> writes() const override { return {nonzeros_.bits}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  Nonzeros nonzeros_;
};

}  // namespace talweg
