#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "program/instruction.hpp"

namespace talweg {

/// Reads and writes, and computes nothing.
class TouchStep final : public Step {
 public:
  TouchStep(std::vector<View> reads, std::vector<View> writes)
      : reads_(std::move(reads)), writes_(std::move(writes)) {}
  [[nodiscard]] std::vector<View> reads() const override { return reads_; }
  [[nodiscard]] std::vector<View> writes() const override { return writes_; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& /*memory*/, DType /*dtype*/) const override {
    return nullptr;
  }
  [[nodiscard]] std::string text() const override { return "touch"; }

 private:
  std::vector<View> reads_, writes_;
};

}  // namespace talweg
