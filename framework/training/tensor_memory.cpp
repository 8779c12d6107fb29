#include "training/tensor_memory.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <talweg/error.hpp>
#include <type_traits>

#include "support/numbers.hpp"

namespace talweg {
namespace {

/// Calls `body` with `data` as a span of its type.
template <class Body>
auto with_elements(const void* data, DType floating, std::int64_t count, Body body) {
  const auto size = static_cast<std::size_t>(count);
  if (floating == DType::float32) return body(std::span(static_cast<const float*>(data), size));
  return body(std::span(static_cast<const double*>(data), size));
}

}  // namespace

TensorMemory::TensorMemory(DType floating, std::int64_t elements) : dtype_(floating), elements_(elements) {
  data_ = allocate_zeros(byte(elements));
  if (data_ == nullptr)
    throw Error(Status::model,
                "there is not enough memory for " + count(elements, "value") + " of the model's tensors");
}

std::vector<double> TensorMemory::read(std::int64_t first, std::int64_t count) const {
  return to_doubles(at(first), dtype_, count);
}

void TensorMemory::write(std::int64_t first, std::span<const double> values) {
  if (dtype_ == DType::float32)
    std::ranges::transform(values, static_cast<float*>(at(first)),
                           [](double value) { return static_cast<float>(value); });
  else
    std::ranges::copy(values, static_cast<double*>(at(first)));
}

void TensorMemory::copy_from(const TensorMemory& other) {
  std::memcpy(data_.get(), other.data_.get(), byte(elements_));
}

std::vector<double> to_doubles(const void* data, DType floating, std::int64_t count) {
  return with_elements(data, floating, count,
                       [](auto elements) { return std::vector<double>(elements.begin(), elements.end()); });
}

bool all_finite(const void* data, DType floating, std::int64_t count) {
  return with_elements(data, floating, count, [](auto elements) {
    // Of whole numbers, without a way out of the loop, the compiler makes vector instructions.
    using Element = std::remove_const_t<typename decltype(elements)::element_type>;
    using Bits = std::conditional_t<sizeof(Element) == sizeof(float), std::uint32_t, std::uint64_t>;
    constexpr Bits kInfinite = std::bit_cast<Bits>(std::numeric_limits<Element>::infinity());
    constexpr Bits kMagnitude = std::numeric_limits<Bits>::max() / 2;
    Bits found = 0;
    for (const Element element : elements)
      found |= (std::bit_cast<Bits>(element) & kMagnitude) >= kInfinite ? Bits{1} : Bits{0};
    return found == 0;
  });
}

bool all_finite(std::span<const std::byte> elements, DType floating) {
  const std::size_t size = floating == DType::float32 ? sizeof(float) : sizeof(double);
  return all_finite(elements.data(), floating, static_cast<std::int64_t>(elements.size() / size));
}

double largest_magnitude(const void* data, DType floating, std::int64_t count) {
  return with_elements(data, floating, count, [](auto elements) {
    double largest = 0;
    for (const auto element : elements) {
      if (std::isnan(element)) return std::numeric_limits<double>::quiet_NaN();
      largest = std::max(largest, static_cast<double>(std::abs(element)));
    }
    return largest;
  });
}

}  // namespace talweg
