// Kernels of several elementwise functions give the same bits as the kernels of those functions by
// themselves: every length up to some vectors, every mode of operands, with nothing written beyond the end.

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"

namespace talweg {
namespace {

using kernels::Elementwise;
using kernels::Inner;
using kernels::Outer;

constexpr std::size_t kLongest = 40;

/// How an outer function is called by itself: whether the inner value is its second operand.
struct OuterFunction {
  Elementwise function;
  bool is_second;
};

constexpr std::array<Elementwise, kernels::kInnerCount> kInner = {
    Elementwise::add,    Elementwise::subtract, Elementwise::multiply,
    Elementwise::divide, Elementwise::square,   Elementwise::sqrt};
constexpr std::array<OuterFunction, kernels::kOuterCount> kOuter = {{{Elementwise::add, false},
                                                                     {Elementwise::subtract, false},
                                                                     {Elementwise::subtract, true},
                                                                     {Elementwise::multiply, false},
                                                                     {Elementwise::divide, false},
                                                                     {Elementwise::divide, true},
                                                                     {Elementwise::sqrt, false},
                                                                     {Elementwise::relu, false}}};

template <class T>
class CompositionKernels : public testing::Test {
 public:
  using Values = std::vector<T>;

  CompositionKernels() {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> draw(-3, 3);
    for (Values& operand : operands_) {
      operand.resize(kLongest);
      for (T& value : operand) value = static_cast<T>(draw(random));
      operand[3] = T(0);
      operand[5] = std::numeric_limits<T>::infinity();
      operand[7] = std::numeric_limits<T>::denorm_min();
    }
    operands_[0][9] = std::numeric_limits<T>::quiet_NaN();
    operands_[1][11] = std::numeric_limits<T>::quiet_NaN();
    operands_[1][13] = operands_[0][13];
    operands_[1][3] = T(-0.0);
  }

 protected:
  /// Operand k as a mode says it.
  Values operand(std::size_t k, bool single, std::size_t n) const {
    return single ? Values(n, operands_[k][0]) : Values(operands_[k].begin(), operands_[k].begin() + n);
  }
  const T* at(std::size_t k) const { return operands_[k].data(); }

  static Values call(Elementwise function, const Values& a, const Values& b, const Values& c = {}) {
    Values out(a.size());
    kernels::table<T>().elementwise[static_cast<std::size_t>(function)][0](out.data(), a.data(), b.data(),
                                                                           c.data(), a.size(), false);
    return out;
  }

  /// Runs the kernel on n elements, and compares them and what lies behind them.
  static void expect_same(const std::function<void(T* out, std::size_t n, bool whole)>& kernel,
                          const Values& expected, const std::string& what) {
    constexpr T kUntouched = -77;
    constexpr std::size_t kRoom = kernels::kVectorBytes / sizeof(T);
    const std::size_t n = expected.size(), room = (n + kRoom - 1) / kRoom * kRoom;
    for (bool whole : {false, true}) {
      Values out(room + 1, kUntouched);
      kernel(out.data(), n, whole);
      for (std::size_t i = 0; i < n; ++i) {
        if (std::isnan(expected[i]))
          ASSERT_TRUE(std::isnan(out[i])) << what << ", element " << i << " of " << n;
        else
          ASSERT_TRUE(out[i] == expected[i] && std::signbit(out[i]) == std::signbit(expected[i]))
              << what << ", element " << i << " of " << n << ": " << out[i] << ", not " << expected[i];
      }
      ASSERT_EQ(out[whole ? room : n], kUntouched) << what << ", " << n;
    }
  }

 private:
  std::array<Values, 4> operands_;
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(CompositionKernels, Types);

TYPED_TEST(CompositionKernels, OfTwoFunctionsRoundAsTheFunctionsByThemselves) {
  const auto& table = kernels::table<TypeParam>();
  for (std::size_t inner = 0; inner < kInner.size(); ++inner)
    for (std::size_t outer = 0; outer < kOuter.size(); ++outer)
      for (std::size_t mode = 0; mode < kernels::kOperandModes; ++mode) {
        const auto kernel = table.composed[inner][outer][mode];
        const bool is_unary = inner >= static_cast<std::size_t>(Inner::square);
        const bool has_none =
            (mode & 3U) == 3U || (is_unary && outer >= static_cast<std::size_t>(Outer::sqrt));
        ASSERT_EQ(kernel == nullptr, has_none) << inner << ", " << outer << ", mode " << mode;
        if (has_none || (is_unary && (mode & 1U) != 0)) continue;
        for (std::size_t n = 0; n <= kLongest; ++n) {
          const auto a = this->operand(0, (mode & 1U) != 0, n), b = this->operand(1, (mode & 2U) != 0, n),
                     c = this->operand(2, (mode & 4U) != 0, n);
          const auto between = this->call(kInner[inner], a, b);
          const auto [function, is_second] = kOuter[outer];
          this->expect_same(
              [&](TypeParam* out, std::size_t size, bool whole) {
                kernel(out, this->at(0), this->at(1), this->at(2), size, whole);
              },
              is_second ? this->call(function, c, between) : this->call(function, between, c),
              "inner " + std::to_string(inner) + ", outer " + std::to_string(outer) + ", mode " +
                  std::to_string(mode));
        }
      }
}

TYPED_TEST(CompositionKernels, OfTwoProductsRoundAsTheFunctionsByThemselves) {
  for (std::size_t subtracts : {0U, 1U})
    for (std::size_t squares : {0U, 1U})
      for (std::size_t mode = 0; mode < 4; ++mode)
        for (std::size_t n = 0; n <= kLongest; ++n) {
          const auto a = this->operand(0, (mode & 1U) != 0, n), b = this->operand(1, false, n),
                     c = this->operand(2, (mode & 2U) != 0, n), d = this->operand(3, false, n);
          const auto left = this->call(Elementwise::multiply, a, b);
          const auto right =
              this->call(Elementwise::multiply, c, squares != 0 ? this->call(Elementwise::square, d, {}) : d);
          this->expect_same(
              [&](TypeParam* out, std::size_t size, bool whole) {
                kernels::table<TypeParam>().products[subtracts][squares][mode](
                    out, this->at(0), this->at(1), this->at(2), this->at(3), size, whole);
              },
              this->call(subtracts != 0 ? Elementwise::subtract : Elementwise::add, left, right),
              std::to_string(subtracts) + ", " + std::to_string(squares) + ", mode " + std::to_string(mode));
        }
}

TYPED_TEST(CompositionKernels, OfTheProductOfADifferenceRoundAsTheFunctionsByThemselves) {
  for (std::size_t single : {0U, 1U})
    for (std::size_t n = 0; n <= kLongest; ++n) {
      const auto a = this->operand(0, single != 0, n), b = this->operand(1, false, n),
                 c = this->operand(2, false, n), d = this->operand(3, false, n);
      const auto product = this->call(Elementwise::multiply, this->call(Elementwise::subtract, a, b), c);
      this->expect_same(
          [&](TypeParam* out, std::size_t size, bool whole) {
            kernels::table<TypeParam>().product_of_difference[single](out, this->at(0), this->at(1),
                                                                      this->at(2), this->at(3), size, whole);
          },
          this->call(Elementwise::multiply, product, d), "a is single: " + std::to_string(single));
    }
}

TYPED_TEST(CompositionKernels, OfAChoiceAreThoseOfComparisonAndWhere) {
  constexpr std::array kComparisons = {Elementwise::less_equal, Elementwise::greater};
  for (std::size_t choice = 0; choice < kernels::kChoiceCount; ++choice)
    for (std::size_t mode = 0; mode < kernels::kOperandModes; ++mode)
      for (std::size_t n = 0; n <= kLongest; ++n) {
        const auto a = this->operand(0, false, n), b = this->operand(1, (mode & 1U) != 0, n),
                   c = this->operand(2, (mode & 2U) != 0, n), d = this->operand(3, (mode & 4U) != 0, n);
        this->expect_same(
            [&](TypeParam* out, std::size_t size, bool whole) {
              kernels::table<TypeParam>().choice[choice][mode](out, this->at(0), this->at(1), this->at(2),
                                                               this->at(3), size, whole);
            },
            this->call(Elementwise::where, this->call(kComparisons[choice], a, b), c, d),
            "choice " + std::to_string(choice) + ", mode " + std::to_string(mode));
      }
}

}  // namespace
}  // namespace talweg
