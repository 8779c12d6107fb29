#pragma once

// Matrices for tests of kernels, as they usually lie and in panels.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/kernels.hpp"
#include "support/aligned_memory.hpp"

namespace talweg {

template <class T>
const kernels::PanelKernels<T>& panel_kernels() {
  return kernels::table<T>().panels;
}

/// Row-major; small whole numbers, so that sums of them are exact in any order.
template <class T>
struct Dense {
  Dense(std::size_t row_count, std::size_t column_count, int seed)
      : rows(row_count), columns(column_count), values(rows * columns) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<T>(static_cast<int>((i * 37 + static_cast<std::size_t>(seed) * 11) % 19) - 9);
  }
  [[nodiscard]] T at(std::size_t i, std::size_t j) const { return values[i * columns + j]; }

  std::size_t rows, columns;
  std::vector<T> values;
};

template <class T>
class Panels {
 public:
  Panels(std::size_t rows, std::size_t columns)
      : rows_(rows),
        elements_(rows * ((columns + panel_kernels<T>().width - 1) / panel_kernels<T>().width) *
                  panel_kernels<T>().width),
        bytes_(allocate_zeros(std::max(elements_ * sizeof(T), kMemoryAlignment))) {}
  /// What fills them up has to be written, too.
  explicit Panels(const Dense<T>& matrix) : Panels(matrix.rows, matrix.columns) {
    std::fill_n(data(), elements_, T(77));
    panel_kernels<T>().pack(data(), matrix.rows,
                            {matrix.values.data(), static_cast<std::ptrdiff_t>(matrix.columns), 1},
                            matrix.rows, matrix.columns);
  }
  [[nodiscard]] T* data() { return reinterpret_cast<T*>(bytes_.get()); }
  [[nodiscard]] std::size_t elements() const { return elements_; }
  [[nodiscard]] T at(std::size_t i, std::size_t j) {
    const std::size_t width = panel_kernels<T>().width;
    return data()[j / width * rows_ * width + i * width + j % width];
  }

 private:
  std::size_t rows_, elements_;
  AlignedMemory bytes_;
};

}  // namespace talweg
