#include "program/machine_code/sigmoid_code.hpp"

#if defined(__x86_64__)

#include <bit>
#include <cstdint>

#include "kernels/exp_constants.hpp"

namespace talweg {
namespace {

using namespace kernels;

constexpr std::int64_t kPowers = 1 << kFewPowerBits;
constexpr SeriesOfExp kSeries;

/// Places in kNumbers.
enum Number : std::uint8_t { kOne, kHalf, kMost, kRound, kLargest, kToK, kHigh, kLow, k3, k4, k5, k6, k7 };
constexpr std::array kNumbers = {1.0,
                                 0.5,
                                 kMostOfSigmoid,
                                 kRounder,
                                 largest_sum_of_sigmoid(kPowers),
                                 -kLog2E* kPowers,
                                 kLn2High / kPowers,
                                 kLn2Low / kPowers,
                                 -kSeries.of_r3,
                                 kSeries.of_r4,
                                 -kSeries.of_r5,
                                 kSeries.of_r6,
                                 -kSeries.of_r7};
static_assert(kNumbers.size() == k7 + 1);

constexpr int kBytes = sizeof(double);

/// All of the register, whose first half is the vector where that is shorter.
Xbyak::Zmm whole(const VectorAssembler::Vector& vector) { return Xbyak::Zmm(vector.getIdx()); }

}  // namespace

void SigmoidCode::write(const Vector& out, const Vector& x,
                        const std::array<Vector, kTemporaries>& temporaries) {
  is_used_ = true;
  VectorAssembler& c = code_;
  const Vector &most_of_r = temporaries[0], &sum = temporaries[1], &k = temporaries[2], &r = temporaries[3],
               &rest = temporaries[4], &power = temporaries[5], &series = temporaries[6];
  const auto load = [&](const Vector& to, Number number) {
    c.load_number(to, c.ptr[c.rip + numbers_ + kBytes * number]);
  };
  const auto at = [&](Number number) { return c.ptr_b[c.rip + numbers_ + kBytes * number]; };
  const auto find = [&](const Vector& to, Xbyak::Label& table) {
    c.vmovupd(whole(to), c.ptr[c.rip + table]);
    c.vpermt2pd(whole(to), whole(sum), c.ptr[c.rip + table + kBytes * static_cast<int>(kPowers) / 2]);
  };
  // Of two numbers of which one is NaN, the smaller is the second.
  load(most_of_r, kMost);
  c.vminpd(most_of_r, most_of_r, x);
  load(sum, kRound);
  c.vfmadd231pd(sum, most_of_r, at(kToK));
  load(k, kLargest);
  c.vminpd(sum, k, sum);
  c.vsubpd(k, sum, at(kRound));
  c.vfmadd231pd(most_of_r, k, at(kHigh));
  c.vmulpd(k, k, at(kLow));
  c.vaddpd(r, most_of_r, k);
  find(rest, lost_);
  find(power, powers_);
  c.vpsllq(sum, sum, static_cast<std::uint8_t>(bits_to_exponent(kFewPowerBits)));
  c.vpaddq(power, power, sum);
  c.subtract(rest, rest, k);
  const Vector &square = k, &high = sum;
  c.multiply(square, r, r);
  load(series, k6);
  c.vfmadd231pd(series, r, at(k7));
  load(high, k4);
  c.vfmadd231pd(high, r, at(k5));
  c.multiply_add(high, square, series);
  load(series, kHalf);
  c.vfmadd231pd(series, r, at(k3));
  c.multiply_add(series, square, high);
  c.multiply_add(rest, square, series);
  c.subtract(rest, rest, most_of_r);
  c.vfmadd213pd(rest, power, power);
  c.vaddpd(rest, rest, at(kOne));
  load(out, kOne);
  c.divide(out, out, rest);
}

void SigmoidCode::write_constants() {
  if (!is_used_) return;
  const auto write = [&](double number) { code_.dq(std::bit_cast<std::uint64_t>(number)); };
  code_.align(kBytes);
  code_.L(numbers_);
  for (const double number : kNumbers) write(number);
  code_.L(lost_);
  for (std::int64_t i = 0; i < kPowers; ++i) write(power_of_two(i, kFewPowerBits).lost);
  code_.L(powers_);
  for (std::int64_t i = 0; i < kPowers; ++i) write(power_of_two(i, kFewPowerBits).at_least);
}

}  // namespace talweg

#endif
