#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "program/scheduling/matrix_rows.hpp"
#include "program/steps/column_step.hpp"

namespace talweg {

/// Steps as one loop over vectors of columns: what becomes of one vector, for each of their rows.
class ColumnPass {
 public:
  /// Adds what a step computes; false, and nothing is added, where that does not fit to what is there.
  bool add(const StepRows& step);

  /// The loop of the first so many steps; nothing where there is no code for it. Values in buffers that are
  /// not `is_seen` by others are not written.
  [[nodiscard]] std::optional<ColumnStep::Loop> loop(std::size_t steps, DType dtype,
                                                     const std::function<bool(BufferId)>& is_seen) const;

 private:
  bool add_step(const GroupRows& group);
  bool add_step(const ProductRows& product);
  bool add_step(const SumOfRows& sum);
  /// Takes note of what a step reads and writes; false where it has other columns, so many values that the
  /// code would be large, or where the loop could not go from column to column: what it writes is read, and
  /// written again, in the same columns.
  bool accept(std::int64_t columns, std::int64_t values, const std::vector<MatrixRows>& reads,
              const std::vector<MatrixRows>& writes);
  /// In the order of the kernels: even and odd terms by themselves.
  std::uint32_t add_sum(const ProductRows& product, std::int64_t row);
  TileOperand source(const MatrixRows& rows, std::int64_t row);
  CodePlace place(const MatrixRows& rows, std::int64_t row);
  /// `row`: that is computed, where the operands do not say it.
  std::uint32_t add_value(const CodeValue& value, std::int64_t row = 0);
  std::uint32_t add_value(kernels::Elementwise function, const TileOperand& a, const TileOperand& b,
                          std::int64_t row = 0);
  void store(std::uint32_t value, const MatrixRows& rows, std::int64_t row);
  /// Later steps read what this one has stored.
  void finish_step();
  /// The values in another order, in which few of many rows wait in registers: those of the first rows come
  /// first, and with them what sums of rows make of them.
  [[nodiscard]] CodeFunctions row_by_row(const CodeFunctions& step_by_step) const;

  std::int64_t columns_ = 0;
  CodeFunctions functions_;
  std::vector<BufferId> places_;  ///< roots
  std::vector<MatrixRows> reads_, writes_;
  struct Size {
    std::size_t sources, values;
  };
  std::vector<Size> after_step_;
  std::map<std::pair<ElementPosition, bool>, std::uint32_t> sources_;  ///< what is read, as a number or not
  std::map<ElementPosition, std::uint32_t> stored_;                    ///< the last value of each row
  std::vector<std::pair<ElementPosition, std::uint32_t>> stored_now_;  ///< by the step that is added
  std::vector<std::int64_t> row_of_value_;        ///< the last of those that it depends on
  std::vector<std::int64_t> last_use_of_source_;  ///< the last row of values that read it
};

}  // namespace talweg
