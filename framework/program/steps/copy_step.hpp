#pragma once

#include "program/instruction.hpp"

namespace talweg {

/// Copies a view to one of the same shape. Neither need be contiguous; they do not overlap.
class CopyStep final : public Step {
 public:
  CopyStep(const View& from, const View& to) : from_(from), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {from_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View from_, to_;
};

}  // namespace talweg
