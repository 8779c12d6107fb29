#pragma once

#include "graph/graph.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// An op that has no kernel of its own in the program: its reference kernel on contiguous inputs.
class ReferenceStep final : public Step {
 public:
  /// Is each slice of the result along its first axis computed of the same slices of the inputs, so that
  /// threads can divide them?
  enum class Slices : std::uint8_t { depend, independent };

  ReferenceStep(const Node& node, std::vector<View> inputs, const View& to, Slices slices = Slices::depend)
      : node_(node), inputs_(std::move(inputs)), to_(to), slices_(slices) {}

  [[nodiscard]] std::vector<View> reads() const override { return inputs_; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  const Node& node_;
  std::vector<View> inputs_;
  View to_;
  Slices slices_;
};

}  // namespace talweg
