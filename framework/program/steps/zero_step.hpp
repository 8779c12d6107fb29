#pragma once

#include "program/instruction.hpp"

namespace talweg {

/// Fills a contiguous view with zeros.
class ZeroStep final : public Step {
 public:
  explicit ZeroStep(const View& to) : to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View to_;
};

}  // namespace talweg
