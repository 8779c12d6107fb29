#pragma once

#include "graph/graph.hpp"
#include "program/instruction.hpp"

namespace talweg {

/// Random numbers of a node, drawn at the step that a scalar names. Threads divide them.
class RandomStep final : public Step {
 public:
  RandomStep(const Node& node, const View& step, const View& to) : node_(node), step_(step), to_(to) {}

  [[nodiscard]] std::vector<View> reads() const override { return {step_}; }
  [[nodiscard]] std::vector<View> writes() const override { return {to_}; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override;

 private:
  const Node& node_;
  View step_, to_;
};

}  // namespace talweg
