#include "support/permutation.hpp"

#include <algorithm>

#include "support/random.hpp"

namespace talweg {
namespace {

/// Mixes all bits (the finalizer of MurmurHash3, Appleby 2011).
std::uint32_t mix(std::uint32_t value) {
  value ^= value >> 16U;
  value *= 0x85EBCA6BU;
  value ^= value >> 13U;
  value *= 0xC2B2AE35U;
  return value ^ (value >> 16U);
}

}  // namespace

Permutation::Permutation(std::int64_t size, std::uint32_t seed, std::uint32_t key, std::uint64_t epoch)
    : size_(static_cast<std::uint64_t>(size)) {
  while ((std::uint64_t{1} << static_cast<unsigned>(2 * half_bits_)) < size_) ++half_bits_;
  for (std::size_t i = 0; i < kRounds; i += 4) {
    const auto words = draw(seed, key, epoch, i);
    std::ranges::copy(words, keys_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::int64_t Permutation::operator()(std::int64_t place) const {
  auto value = static_cast<std::uint64_t>(place);
  do value = encrypt(value);
  while (value >= size_);
  return static_cast<std::int64_t>(value);
}

std::uint64_t Permutation::encrypt(std::uint64_t value) const {
  const auto bits = static_cast<unsigned>(half_bits_);
  const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
  auto left = static_cast<std::uint32_t>(value >> bits), right = static_cast<std::uint32_t>(value) & mask;
  for (std::uint32_t key : keys_) {
    const std::uint32_t turned = left ^ (mix(right ^ key) & mask);
    left = right;
    right = turned;
  }
  return (std::uint64_t{left} << bits) | right;
}

}  // namespace talweg
