#pragma once

#include <array>
#include <cstdint>

namespace talweg {

/// A random order of 0 ... size - 1 that needs no memory and gives each place by itself: a balanced Feistel
/// network (Luby and Rackoff, "How to construct pseudorandom permutations", 1988) over the next even number
/// of bits, walked until it falls below `size` (Black and Rogaway, "Ciphers with arbitrary finite domains",
/// 2002). Its keys are draws of `seed`, `key` and `epoch`.
class Permutation {
 public:
  Permutation(std::int64_t size, std::uint32_t seed, std::uint32_t key, std::uint64_t epoch);

  /// REQUIRES: 0 <= place < size.
  [[nodiscard]] std::int64_t operator()(std::int64_t place) const;

 private:
  static constexpr std::size_t kRounds = 8;

  [[nodiscard]] std::uint64_t encrypt(std::uint64_t value) const;

  std::uint64_t size_;
  int half_bits_ = 1;
  std::array<std::uint32_t, kRounds> keys_{};
};

}  // namespace talweg
