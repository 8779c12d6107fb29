#pragma once

#include <array>
#include <cstdint>

namespace talweg {

/// MT19937 (Matsumoto and Nishimura 1998), seeded and read as NumPy's legacy generator is: after
/// `numpy.random.seed(seed)` the same calls give the same bits.
class LegacyGenerator {
 public:
  explicit LegacyGenerator(std::uint32_t seed);

  /// numpy.random.random_sample(): 53 random bits, in [0, 1).
  [[nodiscard]] double uniform();
  /// numpy.random.uniform(low, high): low + (high - low) u. For -1 and 1 that is 2 u - 1 to the last bit.
  [[nodiscard]] double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// numpy.random.randn(): of mean 0 and variance 1, by the polar method (Marsaglia and Bray 1964), which
  /// gives two values at a time; the second one is kept for the next call.
  [[nodiscard]] double normal();

 private:
  [[nodiscard]] std::uint32_t next();
  void refill();

  static constexpr std::size_t kSize = 624;
  std::array<std::uint32_t, kSize> state_{};
  std::size_t position_ = kSize;
  double kept_normal_ = 0;
  bool has_kept_normal_ = false;
};

/// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): four
/// random words for every counter and key, whatever was drawn before.
[[nodiscard]] std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key);

/// Draws that depend on who asks and when, and on nothing else, so that neither threads nor a resumption
/// change them: four words at `block` of what `node` draws at `step` in a model with this seed.
[[nodiscard]] inline std::array<std::uint32_t, 4> draw(std::uint32_t seed, std::uint32_t node,
                                                       std::uint64_t step, std::uint64_t block) {
  return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32U),
                 static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32U)},
                {seed, node});
}

/// 53 bits of two random words, in [0, 1).
[[nodiscard]] inline double unit_interval(std::uint32_t first, std::uint32_t second) {
  constexpr int kHighBits = 27, kLowBits = 26, kWordBits = 32;
  const double high = first >> (kWordBits - kHighBits), low = second >> (kWordBits - kLowBits);
  return (high * 0x1p26 + low) * 0x1p-53;
}

}  // namespace talweg
