#pragma once

#include "graph/graph.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// An op that has no kernel of its own in the program: its reference kernel on contiguous inputs.
class ReferenceStep final : public Step {
 public:
  ReferenceStep(const Node& node, std::vector<View> inputs, const View& to)
      : node_(node), inputs_(std::move(inputs)), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return inputs_; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  const Node& node_;
  std::vector<View> inputs_;
  View to_;
};

}  // namespace talweg
