#include "model/data/column.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <talweg/error.hpp>
#include <type_traits>
#include <utility>

#include "model/data/bytes.hpp"
#include "support/numbers.hpp"

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

/// A larger mapped file is not read from end to end before training.
constexpr std::int64_t kCheckedWhenLoaded = std::int64_t{256} << 20;
/// Bytes that are looked at before a mapped file hears of it.
constexpr std::int64_t kCheckedAtOnce = std::int64_t{1} << 24;

/// What is looked for in the raw elements of a column.
enum class Check : std::uint8_t { nothing, finite, within_type, flag, whole, exact, places };

bool is_of_numbers(Check check) { return check == Check::finite || check == Check::within_type; }

/// Of raw elements of type T in a model whose floating type is To.
template <class T, class To>
Check check_of(const DataColumn& column) {
  if (!column.conversion().table.empty()) return Check::nothing;
  if (!column.places().empty()) return Check::places;
  constexpr bool kIntegers = std::is_integral_v<T>;
  if (column.dtype() == DType::boolean) return Check::flag;
  if (column.dtype() == DType::int64) {
    if (!kIntegers) return Check::whole;
    return sizeof(T) < sizeof(To) ? Check::nothing : Check::exact;
  }
  if (kIntegers || column.allowed().nan) return Check::nothing;
  return column.conversion().scale.empty() ? Check::within_type : Check::finite;
}

/// Integers up to here are exact in a floating type.
template <class To>
constexpr std::int64_t kMostExact = std::int64_t{1} << std::numeric_limits<To>::digits;

template <class To, class T>
bool is_exact(T value) {
  if constexpr (std::is_integral_v<T>)
    return std::cmp_less_equal(value, kMostExact<To>) && std::cmp_greater_equal(value, -kMostExact<To>);
  else
    return std::abs(converted<double>(value)) <= static_cast<double>(kMostExact<To>);
}

/// What `value` is no place of; null where it is one of all.
const Places* first_refusing(const DataColumn& column, double value) {
  const auto refuses = [&](const Places& places) { return !places.admit(value); };
  const auto found = std::ranges::find_if(column.places(), refuses);
  return found == column.places().end() ? nullptr : &*found;
}

template <class To, class T>
bool passes(const DataColumn& column, T raw, Check check) {
  const auto value = converted<double>(raw);
  switch (check) {
    case Check::nothing:
      return true;
    case Check::finite:
      return std::isfinite(value);
    case Check::within_type:
      return std::isfinite(converted<To>(raw));
    case Check::flag:
      return value == 0 || value == 1;
    case Check::whole:
      return value == std::trunc(value) && is_exact<To>(raw);
    case Check::exact:
      return is_exact<To>(raw);
    case Check::places:
      return first_refusing(column, value) == nullptr;
  }
  return false;
}

template <class To, class T>
std::string complaint(const DataColumn& column, T raw, Check check) {
  std::string shown;
  if constexpr (std::is_integral_v<T>)
    shown = std::to_string(raw);
  else
    shown = format_number(converted<double>(raw));
  if (check == Check::flag) return shown + ", and a flag is 0 or 1";
  if (check == Check::places)
    return shown + ", and " + first_refusing(column, converted<double>(raw))->names();
  const std::string model =
      std::string("a model of dtype ") + (sizeof(To) == sizeof(float) ? "float32" : "float64");
  if (is_of_numbers(check)) {
    if (std::isnan(converted<double>(raw))) return "NaN, which is not a number";
    return shown + (std::isfinite(converted<double>(raw)) ? ", which is too large for " + model
                                                          : ", which is not finite");
  }
  if (!is_exact<To>(raw)) return shown + ", which is not exact in " + model;
  return shown + ", and whole numbers are due";
}

/// A row of raw elements of type T, as it lies in memory.
template <class T, bool kSwapped>
struct RawRow {
  const std::byte* first;
  std::int64_t elements;

  T operator[](std::int64_t i) const { return load<T, kSwapped>(first + i * std::int64_t{sizeof(T)}); }
};

/// Throws where an element of row `row` is not allowed.
template <class To, class T, bool kSwapped>
void check_row(const DataColumn& column, const RawRow<T, kSwapped>& raw, std::int64_t row, Check check) {
  if (check == Check::nothing) return;
  bool right = true;
  for (std::int64_t i = 0; i < raw.elements; ++i) right &= passes<To>(column, raw[i], check);
  if (right) return;
  std::int64_t wrong = 0;
  while (passes<To>(column, raw[wrong], check)) ++wrong;
  const RawRows& rows = column.raw();
  std::string message = "row " + std::to_string(rows.first_row + row);
  if (raw.elements > 1) message += ", element " + std::to_string(wrong);
  message += " (counted from 0) holds " + complaint<To>(column, raw[wrong], check);
  if (rows.offset)
    message.insert(
        0,
        "at byte " + std::to_string(*rows.offset + row * rows.row_stride + wrong * rows.format.bytes) + ": ");
  Error error(Status::data, message);
  error.at({rows.file, 0, 0, 1, ""});
  if (is_of_numbers(check)) error.set_hint("allow_nan: True takes it as it is");
  throw error;
}

/// to[i] becomes what the scales make of value_at(i).
template <class To, class ValueAt>
void copy_scaled(std::int64_t elements, const Conversion& conversion, To* to, ValueAt value_at) {
  const auto scales = static_cast<std::int64_t>(conversion.scale.size());
  if (scales == 1) {
    const double scale = conversion.scale[0], offset = conversion.offset[0];
    for (std::int64_t i = 0; i < elements; ++i) to[i] = static_cast<To>(value_at(i) * scale + offset);
    return;
  }
  for (std::int64_t first = 0; first < elements; first += scales)
    for (std::int64_t j = 0; j < std::min(scales, elements - first); ++j) {
      const auto place = static_cast<std::size_t>(j);
      to[first + j] =
          static_cast<To>(value_at(first + j) * conversion.scale[place] + conversion.offset[place]);
    }
}

/// One row, converted.
template <class T, bool kSwapped, class To>
void copy_row(const RawRow<T, kSwapped>& raw, const Conversion& conversion, To* to) {
  const std::int64_t elements = raw.elements;
  const auto value_at = [&](std::int64_t i) { return converted<double>(raw[i]); };
  const auto entry_at = [&](std::int64_t i) {
    return conversion.table[static_cast<std::size_t>(converted<double>(raw[i]))];
  };
  const bool has_table = !conversion.table.empty();
  if (conversion.one_hot > 0) {
    std::fill_n(to, elements * conversion.one_hot, To{0});
    for (std::int64_t i = 0; i < elements; ++i) {
      const double label = has_table ? entry_at(i) : value_at(i);
      to[i * conversion.one_hot + static_cast<std::int64_t>(label)] = To{1};
    }
  } else if (!conversion.scale.empty()) {
    if (has_table)
      copy_scaled(elements, conversion, to, entry_at);
    else
      copy_scaled(elements, conversion, to, value_at);
  } else {
    for (std::int64_t i = 0; i < elements; ++i)
      to[i] = has_table ? static_cast<To>(entry_at(i)) : converted<To>(raw[i]);
  }
}

/// Calls `body` with the raw elements and the number of each of `count` rows, once they have been checked.
template <class To, class RowAt, class Body>
void each_row(const DataColumn& column, std::int64_t count, RowAt row_at, Body body) {
  const RawRows& raw = column.raw();
  with_type(raw.format, [&]<class T, class Swapped>(T, Swapped) {
    const Check check = check_of<T, To>(column);
    for (std::int64_t i = 0; i < count; ++i) {
      const RawRow<T, Swapped::value> row{raw.first + row_at(i) * raw.row_stride, raw.row_elements};
      check_row<To>(column, row, row_at(i), check);
      body(row, i);
    }
  });
  if (raw.mapping != nullptr) raw.mapping->looked_at(count * raw.row_elements * raw.format.bytes, count);
}

template <class To, class RowAt>
void copy_rows(const DataColumn& column, std::int64_t count, To* to, RowAt row_at) {
  const std::int64_t elements = column.row_elements();
  each_row<To>(column, count, row_at, [&](const auto& row, std::int64_t i) {
    copy_row(row, column.conversion(), to + i * elements);
  });
}

}  // namespace

bool Places::admit(double value) const {
  const auto end = static_cast<double>(number);
  return (value == std::trunc(value) && value >= (from_end ? -end : 0) && value < end) || value == ignored;
}

std::string Places::names() const {
  const std::string last = " to " + std::to_string(number - 1);
  return from_end ? "the indices are " + std::to_string(-number) + last : "the classes are 0" + last;
}

DataColumn::DataColumn(RawRows rows, const Shape& shape, DType dtype, Conversion conversion,
                       AllowedValues allowed)
    : raw_(std::move(rows)),
      shape_(shape),
      dtype_(dtype),
      conversion_(std::move(conversion)),
      allowed_(allowed) {
  if (allowed.classes > 0) places_.push_back({.number = allowed.classes});
}

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

bool DataColumn::is_giant() const { return raw_.rows * raw_.row_stride > kCheckedWhenLoaded; }

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

void DataColumn::check_values(DType floating) const {
  const std::int64_t bytes = std::max<std::int64_t>(1, raw_.row_elements * raw_.format.bytes);
  const std::int64_t piece = std::max<std::int64_t>(1, kCheckedAtOnce / bytes);
  for (std::int64_t first = 0; first < rows(); first += piece) {
    const std::int64_t count = std::min(piece, rows() - first);
    const auto row_at = [&](std::int64_t i) { return first + i; };
    const auto nothing_more = [](const auto&, std::int64_t) {};
    if (floating == DType::float32)
      each_row<float>(*this, count, row_at, nothing_more);
    else
      each_row<double>(*this, count, row_at, nothing_more);
  }
}

std::shared_ptr<const DataColumn> DataColumn::taken_for(const Places& places, DType floating) const {
  const auto texts = static_cast<std::int64_t>(conversion_.texts.size());
  if (texts > places.number)
    throw Error(Status::data, "it has " + count(texts, "distinct value") + "; the model has " +
                                  (places.from_end ? count(places.number, "index", "indices")
                                                   : count(places.number, "class", "classes")));
  auto result = std::make_shared<DataColumn>(*this);
  result->places_.push_back(places);
  result->check_when_loaded(floating);
  return result;
}

void DataColumn::check_when_loaded(DType floating) const {
  if (!is_giant()) check_values(floating);
}

}  // namespace talweg
