#pragma once

#include <string>
#include <utility>
#include <vector>

#include "program/instruction.hpp"
#include "program/machine_code/vector_code.hpp"

namespace talweg {

/// Several small steps as one loop over vectors of columns (scheduling/fuse_columns.hpp).
class ColumnStep final : public Step {
 public:
  /// What the loop computes, and the buffers that are its places.
  struct Loop {
    VectorCode code;
    std::vector<BufferId> places;
    std::int64_t columns;
  };

  /// `reads` and `writes`: the memory of the steps that others see. `operations` and `text` are all of
  /// theirs.
  ColumnStep(Loop loop, std::vector<View> reads, std::vector<View> writes, double operations,
             std::string text)
      : loop_(std::move(loop)),
        reads_(std::move(reads)),
        writes_(std::move(writes)),
        operations_(operations),
        text_(std::move(text)) {}

  [[nodiscard]] std::vector<View> reads() const override { return reads_; }
  [[nodiscard]] std::vector<View> writes() const override { return writes_; }
  [[nodiscard]] double operations() const override { return operations_; }
  [[nodiscard]] std::unique_ptr<Instruction> bind(const Memory& memory, DType dtype) const override;
  [[nodiscard]] std::string text() const override { return text_; }

 private:
  Loop loop_;
  std::vector<View> reads_, writes_;
  double operations_;
  std::string text_;
};

}  // namespace talweg
