#include "program/nonzeros.hpp"

#include <algorithm>

namespace talweg {
namespace {

constexpr std::int64_t kWordBits = 64, kWordBytes = 8, kLine = 64;

/// Words for the bits of the rows.
std::int64_t words(std::int64_t rows, std::int64_t columns) {
  return (columns + kWordBits - 1) / kWordBits * rows;
}

}  // namespace

std::int64_t Nonzeros::bytes(std::int64_t rows, std::int64_t columns) {
  return kLine + kWordBytes * (words(rows, columns) + words(columns, rows));
}

std::uint64_t& Nonzeros::count_in(const Memory& memory) const {
  return *static_cast<std::uint64_t*>(memory.of(bits.buffer));
}

std::uint64_t* Nonzeros::bits_in(const Memory& memory) const {
  return &count_in(memory) + kLine / kWordBytes;
}

std::uint64_t* Nonzeros::transposed_bits_in(const Memory& memory) const {
  return bits_in(memory) + words(matrix.rows, matrix.columns);
}

bool Nonzeros::are_few(std::uint64_t count) const {
  constexpr std::int64_t kManyExamples = 64;
  constexpr double kLargestPart = 0.65, kLargestPartOfFew = 0.45;
  return static_cast<double>(count) <= (matrix.rows >= kManyExamples ? kLargestPart : kLargestPartOfFew) *
                                           static_cast<double>(matrix.rows * matrix.columns);
}

bool may_zeros_be_left_out(std::int64_t examples, std::int64_t columns, std::int64_t other_columns) {
  constexpr std::int64_t kLeastExamples = 32, kLeastColumns = 64;
  return examples >= kLeastExamples && std::min(columns, other_columns) >= kLeastColumns;
}

}  // namespace talweg
