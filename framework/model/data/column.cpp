#include "model/data/column.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace talweg {
namespace {

/// A float16 of IEEE 754 by its bits.
float from_half(std::uint16_t bits) {
  constexpr int kFractionBits = 10, kBias = 15, kLargestExponent = 31;
  constexpr unsigned kFractionMask = 0x3FF;
  const bool negative = (bits & 0x8000U) != 0;
  const auto exponent = static_cast<int>((bits >> 10U) & 0x1FU);
  const auto fraction = static_cast<int>(bits & kFractionMask);
  float value = 0;
  if (exponent == kLargestExponent)
    value = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(fraction), 1 - kBias - kFractionBits);
  else
    value = std::ldexp(static_cast<float>(fraction + (1 << kFractionBits)), exponent - kBias - kFractionBits);
  return negative ? -value : value;
}

/// The element of type T that stands at `from`, which need not be aligned.
template <class T, bool kSwapped>
T load(const std::byte* from) {
  T value;
  if constexpr (kSwapped) {
    std::byte turned[sizeof(T)];
    std::reverse_copy(from, from + sizeof(T), turned);
    std::memcpy(&value, turned, sizeof(T));
  } else {
    std::memcpy(&value, from, sizeof(T));
  }
  return value;
}

/// A float16 as it lies in a file.
struct Half {
  std::uint16_t bits;
};

template <class To, class T>
To converted(T value) {
  if constexpr (std::is_same_v<T, Half>)
    return static_cast<To>(from_half(value.bits));
  else
    return static_cast<To>(value);
}

/// Calls `body` with a value of the type that `format` names and whether its bytes are swapped.
template <class Body>
void with_type(const ElementFormat& format, Body body) {
  using Kind = ElementFormat::Kind;
  const auto of = [&]<class T>(T example) {
    if (format.swapped)
      body(example, std::true_type{});
    else
      body(example, std::false_type{});
  };
  const bool is_signed = format.kind == Kind::signed_integer;
  if (format.kind == Kind::floating) {
    if (format.bytes == sizeof(double)) return of(double{});
    if (format.bytes == sizeof(float)) return of(float{});
    return of(Half{});
  }
  switch (format.bytes) {
    case sizeof(std::int64_t):
      return is_signed ? of(std::int64_t{}) : of(std::uint64_t{});
    case sizeof(std::int32_t):
      return is_signed ? of(std::int32_t{}) : of(std::uint32_t{});
    case sizeof(std::int16_t):
      return is_signed ? of(std::int16_t{}) : of(std::uint16_t{});
    default:
      return is_signed ? of(std::int8_t{}) : of(std::uint8_t{});
  }
}

/// One row, converted.
template <class T, bool kSwapped, class To>
void copy_row(const std::byte* from, std::int64_t elements, const Conversion& conversion, To* to) {
  const auto at = [&](std::int64_t i) {
    return load<T, kSwapped>(from + i * static_cast<std::int64_t>(sizeof(T)));
  };
  if (conversion.one_hot > 0) {
    std::fill_n(to, elements * conversion.one_hot, To{0});
    for (std::int64_t i = 0; i < elements; ++i) {
      auto label = converted<double>(at(i));
      if (!conversion.table.empty()) label = conversion.table[static_cast<std::size_t>(label)];
      to[i * conversion.one_hot + static_cast<std::int64_t>(label)] = To{1};
    }
    return;
  }
  if (conversion.table.empty() && conversion.scale.empty()) {
    for (std::int64_t i = 0; i < elements; ++i) to[i] = converted<To>(at(i));
    return;
  }
  for (std::int64_t i = 0; i < elements; ++i) {
    auto value = converted<double>(at(i));
    if (!conversion.table.empty()) value = conversion.table[static_cast<std::size_t>(value)];
    if (!conversion.scale.empty()) {
      const std::size_t place = static_cast<std::size_t>(i) % conversion.scale.size();
      value = value * conversion.scale[place] + conversion.offset[place];
    }
    to[i] = static_cast<To>(value);
  }
}

template <class To, class RowAt>
void copy_rows(const DataColumn& column, std::int64_t count, To* to, RowAt row_at) {
  const RawRows& raw = column.raw();
  const std::int64_t elements = column.row_elements();
  with_type(raw.format, [&]<class T, class Swapped>(T, Swapped) {
    for (std::int64_t i = 0; i < count; ++i)
      copy_row<T, Swapped::value>(raw.first + row_at(i) * raw.row_stride, raw.row_elements,
                                  column.conversion(), to + i * elements);
  });
}

}  // namespace

DataColumn::DataColumn(RawRows rows, const Shape& shape, DType dtype, Conversion conversion)
    : raw_(std::move(rows)), shape_(shape), dtype_(dtype), conversion_(std::move(conversion)) {}

std::shared_ptr<const DataColumn> DataColumn::of(std::vector<double> values, const Shape& shape,
                                                 DType dtype) {
  const auto owner = std::make_shared<const std::vector<double>>(std::move(values));
  RawRows raw;
  raw.first = reinterpret_cast<const std::byte*>(owner->data());
  raw.rows = shape.rank() == 0 ? 1 : shape[0];
  raw.row_elements = raw.rows == 0 ? 0 : shape.elements() / raw.rows;
  raw.row_stride = raw.row_elements * static_cast<std::int64_t>(sizeof(double));
  raw.owner = owner;
  return std::make_shared<const DataColumn>(std::move(raw), shape, dtype);
}

std::int64_t DataColumn::row_elements() const {
  return raw_.row_elements * std::max<std::int64_t>(1, conversion_.one_hot);
}

void DataColumn::gather(std::span<const std::int64_t> rows, float* to) const {
  copy_rows(*this, static_cast<std::int64_t>(rows.size()), to,
            [&](std::int64_t i) { return rows[static_cast<std::size_t>(i)]; });
}

void DataColumn::gather(std::span<const std::int64_t> rows, double* to) const {
  copy_rows(*this, static_cast<std::int64_t>(rows.size()), to,
            [&](std::int64_t i) { return rows[static_cast<std::size_t>(i)]; });
}

void DataColumn::gather(std::int64_t first, std::int64_t count, float* to) const {
  copy_rows(*this, count, to, [&](std::int64_t i) { return first + i; });
}

void DataColumn::gather(std::int64_t first, std::int64_t count, double* to) const {
  copy_rows(*this, count, to, [&](std::int64_t i) { return first + i; });
}

std::vector<double> DataColumn::values() const {
  std::vector<double> values(static_cast<std::size_t>(rows() * row_elements()));
  gather(0, rows(), values.data());
  return values;
}

}  // namespace talweg
