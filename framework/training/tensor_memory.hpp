#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/dtype.hpp"
#include "support/aligned_memory.hpp"

namespace talweg {

/// A row of float32 or float64 elements, aligned to 64 bytes, zero at first. It stays where it is.
class TensorMemory {
 public:
  /// `elements` and what it takes to begin the next tensor at a multiple of the alignment in either type.
  [[nodiscard]] static std::int64_t padded(std::int64_t elements) {
    constexpr std::int64_t kStep = kMemoryAlignment / sizeof(float);
    return (elements + kStep - 1) / kStep * kStep;
  }

  /// Throws Error{model} where there is not that much memory.
  TensorMemory(DType floating, std::int64_t elements);

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] std::int64_t elements() const { return elements_; }
  [[nodiscard]] void* at(std::int64_t element) { return data_.get() + byte(element); }
  [[nodiscard]] const void* at(std::int64_t element) const { return data_.get() + byte(element); }

  // REQUIRES: the elements that are named are there.
  [[nodiscard]] std::span<const std::byte> bytes(std::int64_t first, std::int64_t count) const {
    return {data_.get() + byte(first), byte(count)};
  }
  [[nodiscard]] std::vector<double> read(std::int64_t first, std::int64_t count) const;
  /// Rounded to the memory's type.
  void write(std::int64_t first, std::span<const double> values);
  void write(std::int64_t element, double value) {
    if (dtype_ == DType::float32)
      *static_cast<float*>(at(element)) = static_cast<float>(value);
    else
      *static_cast<double*>(at(element)) = value;
  }
  /// REQUIRES: both have the same type and size.
  void copy_from(const TensorMemory& other);

 private:
  [[nodiscard]] std::size_t byte(std::int64_t element) const {
    return static_cast<std::size_t>(element) * element_size();
  }
  [[nodiscard]] std::size_t element_size() const {
    return dtype_ == DType::float32 ? sizeof(float) : sizeof(double);
  }

  DType dtype_;
  std::int64_t elements_;
  AlignedMemory data_;
};

/// `count` elements of a floating type as doubles.
[[nodiscard]] std::vector<double> to_doubles(const void* data, DType floating, std::int64_t count);
/// Is none of `count` elements infinite or not a number?
[[nodiscard]] bool all_finite(const void* data, DType floating, std::int64_t count);
[[nodiscard]] bool all_finite(std::span<const std::byte> elements, DType floating);
/// The largest absolute value of `count` elements, 0 for none; NaN where one of them is.
[[nodiscard]] double largest_magnitude(const void* data, DType floating, std::int64_t count);

}  // namespace talweg
