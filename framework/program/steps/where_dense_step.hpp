#pragma once

#include <memory>

#include "program/nonzeros.hpp"

namespace talweg {

/// A step that is done only where a matrix has not few nonzeros: otherwise nobody reads what it writes.
class WhereDenseStep final : public Step {
 public:
  WhereDenseStep(std::unique_ptr<Step> step, const Nonzeros& nonzeros)
      : step_(std::move(step)), nonzeros_(nonzeros) {}

  [[nodiscard]] std::vector<View> reads() const override;
  [[nodiscard]] std::vector<View> writes() const override { return step_->writes(); }
  [[nodiscard]] std::int64_t scratch_elements() const override { return step_->scratch_elements(); }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override { return step_->text() + " where dense"; }

 private:
  std::unique_ptr<Step> step_;
  Nonzeros nonzeros_;
};

}  // namespace talweg
