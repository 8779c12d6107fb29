#pragma once

#include "ops/convolution.hpp"
#include "program/instruction.hpp"

namespace talweg {

enum class ConvolutionKind : std::uint8_t { forward, input_adjoint, weight_adjoint };

/// A convolution or one of its adjoints, image by image: the windows of an image side by side are a matrix,
/// and its product with the weights, or with the gradient, is what is sought. Threads divide the images.
/// REQUIRES: all views are contiguous.
class ConvolutionStep final : public Step {
 public:
  using Kind = ConvolutionKind;

  /// `first` and `second` are the inputs of the op.
  ConvolutionStep(Kind kind, const Convolution& sizes, const View& first, const View& second, const View& to)
      : kind_(kind), sizes_(sizes), first_(first), second_(second), to_(to) {}

  /// Are the matrices small enough to be told to the BLAS?
  [[nodiscard]] static bool fits(const Convolution& sizes);

  [[nodiscard]] std::vector<View> reads() const override { return {first_, second_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::int64_t scratch_elements() const override;
  [[nodiscard]] double operations() const override;
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  Kind kind_;
  Convolution sizes_;
  View first_, second_, to_;
};

}  // namespace talweg
