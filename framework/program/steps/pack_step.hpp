#pragma once

#include "program/panels.hpp"

namespace talweg {

/// Copies a matrix of any strides into panels.
class PackStep final : public Step {
 public:
  PackStep(const View& from, const InPanels& to) : from_(from), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {from_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_.view()}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  View from_;
  InPanels to_;
};

/// Copies a matrix that lies in panels to where its rows are contiguous.
class UnpackStep final : public Step {
 public:
  UnpackStep(const InPanels& from, const View& to) : from_(from), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {from_.view()}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  InPanels from_;
  View to_;
};

/// Copies the transpose of a matrix from panels into panels.
class TransposePanelsStep final : public Step {
 public:
  TransposePanelsStep(const InPanels& from, const InPanels& to) : from_(from), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {from_.view()}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_.view()}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  InPanels from_, to_;
};

}  // namespace talweg
