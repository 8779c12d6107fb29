#pragma once

#include <cstdint>

#include "program/instruction.hpp"

namespace talweg {

/// Columns of a panel (kernels::PanelKernels).
template <class T>
[[nodiscard]] std::int64_t panel_width();
[[nodiscard]] std::int64_t panel_width(DType dtype);

/// A matrix that has a buffer of its own, in which it lies in panels.
struct InPanels {
  BufferId buffer = 0;
  std::int64_t rows = 0, columns = 0;

  [[nodiscard]] View view() const { return contiguous_view(buffer, {rows, columns}); }
  template <class T>
  [[nodiscard]] T* in(const Memory& memory) const {
    return static_cast<T*>(memory.of(buffer));
  }
};

/// What a buffer for such a matrix has room for: the columns are filled up to whole panels.
[[nodiscard]] std::int64_t elements_in_panels(std::int64_t rows, std::int64_t columns, std::int64_t width);

/// What changes weights: a product that is subtracted from them, or elementwise functions of a gradient.
enum class WeightUpdate : std::uint8_t { product, functions };

/// Is the step of a dense layer, for so many examples, faster where its weights (rows, columns) lie in panels
/// of that width? By measurements, never by the clock, so that a program's bits are always the same.
[[nodiscard]] bool are_panels_faster(std::int64_t examples, std::int64_t rows, std::int64_t columns,
                                     std::int64_t width, WeightUpdate update);

}  // namespace talweg
