#include "support/random.hpp"

#include <cmath>

namespace talweg {

LegacyGenerator::LegacyGenerator(std::uint32_t seed) {
  state_[0] = seed;
  for (std::uint32_t i = 1; i < kSize; ++i)
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30U)) + i;
}

void LegacyGenerator::refill() {
  constexpr std::size_t kMiddle = 397;
  for (std::size_t i = 0; i < kSize; ++i) {
    const std::uint32_t bits = (state_[i] & 0x80000000U) | (state_[(i + 1) % kSize] & 0x7FFFFFFFU);
    state_[i] = state_[(i + kMiddle) % kSize] ^ (bits >> 1U) ^ ((bits & 1U) != 0 ? 0x9908B0DFU : 0U);
  }
  position_ = 0;
}

std::uint32_t LegacyGenerator::next() {
  if (position_ == kSize) refill();
  std::uint32_t bits = state_[position_++];
  bits ^= bits >> 11U;
  bits ^= (bits << 7U) & 0x9D2C5680U;
  bits ^= (bits << 15U) & 0xEFC60000U;
  return bits ^ (bits >> 18U);
}

double LegacyGenerator::uniform() {
  const std::uint32_t high = next() >> 5U, low = next() >> 6U;
  return (high * 0x1p26 + low) * 0x1p-53;
}

double LegacyGenerator::normal() {
  if (has_kept_normal_) {
    has_kept_normal_ = false;
    return kept_normal_;
  }
  double x = 0, y = 0, square = 0;
  do {
    x = 2 * uniform() - 1;
    y = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double factor = std::sqrt(-2 * std::log(square) / square);
  kept_normal_ = factor * x;
  has_kept_normal_ = true;
  return factor * y;
}

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  constexpr std::uint64_t kFirst = 0xD2511F53, kSecond = 0xCD9E8D57;
  constexpr std::uint32_t kFirstWeyl = 0x9E3779B9, kSecondWeyl = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = kFirst * counter[0], b = kSecond * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + kFirstWeyl, key[1] + kSecondWeyl};
  }
  return counter;
}

}  // namespace talweg
