#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <variant>
#include <vector>

#include "program/plan.hpp"
#include "program/steps/elementwise_step.hpp"
#include "program/steps/product_step.hpp"
#include "program/steps/reduction_step.hpp"

namespace talweg {

/// Where an element is: a MemoryPosition, in elements.
struct ElementPosition {
  std::size_t space;
  std::int64_t element;
  friend bool operator<(const ElementPosition& a, const ElementPosition& b) {
    return std::tie(a.space, a.element) < std::tie(b.space, b.element);
  }
};

/// Rows of a matrix in memory: each begins `between` elements after the one before. Or single numbers, whose
/// rows have one column, and repeat.
struct MatrixRows {
  BufferId root;
  ElementPosition first;
  std::int64_t number, between, columns;
  std::int64_t offset;  ///< of the first element, in the root

  [[nodiscard]] std::int64_t offset_of(std::int64_t row) const { return offset + row * between; }
  [[nodiscard]] ElementPosition position_of(std::int64_t row) const {
    return {first.space, first.element + row * between};
  }
};

/// The elementwise functions of some rows, and where operands and stored values are.
struct GroupRows {
  std::span<const ElementwiseStep::Value> values;
  std::int64_t number, columns;
  std::vector<MatrixRows> views, results;
};

/// A product of a few rows and terms. The left matrix is a list of its columns.
struct ProductRows {
  std::int64_t number, columns;
  std::vector<MatrixRows> left;
  MatrixRows right, result;
  std::optional<MatrixRows> from, scale;  ///< of a subtraction
};

/// The sum of some rows.
struct SumOfRows {
  std::int64_t columns;
  MatrixRows rows, result;
};

using StepRows = std::variant<GroupRows, ProductRows, SumOfRows>;

/// Finds what steps do, row by row. Nothing where there are too many rows, or columns that do not lie side by
/// side, or where a step computes more than a few instructions can.
class RowFinder {
 public:
  RowFinder(const Plan& plan, std::size_t bytes_of_element)
      : plan_(plan), bytes_of_element_(bytes_of_element) {}

  [[nodiscard]] std::optional<StepRows> rows_of(const Step& step) const;

 private:
  [[nodiscard]] std::optional<GroupRows> of_group(const ElementwiseStep& group) const;
  [[nodiscard]] std::optional<ProductRows> of_product(const ProductStep& product) const;
  /// Of float64: sums of float32 are accumulated in float64.
  [[nodiscard]] std::optional<SumOfRows> of_reduction(const ReductionStep& step) const;
  [[nodiscard]] MatrixRows rows(const View& view, std::int64_t number, std::int64_t between,
                                std::int64_t columns) const;

  const Plan& plan_;
  std::size_t bytes_of_element_;
};

}  // namespace talweg
