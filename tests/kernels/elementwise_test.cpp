// The elementwise kernels against the C library in higher precision: ordinary, extreme and special values,
// every length up to some vectors, every mode of operands, with nothing written beyond the end.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "program/elementwise_functions.hpp"

namespace talweg {
namespace {

using Precise = long double;

/// Units in the last place that a result may be off, as measured on all instruction sets.
struct Accuracy {
  const char* op;
  Precise (*exact)(Precise);
  double low, high;  ///< arguments are drawn from there
  double units_float64, units_float32;
};

Precise sigmoid(Precise x) { return 1 / (1 + std::exp(-x)); }
Precise gelu(Precise x) { return x / 2 * std::erfc(-x / std::numbers::sqrt2_v<Precise>); }
Precise gelu_derivative(Precise x) {
  return std::erfc(-x / std::numbers::sqrt2_v<Precise>) / 2 +
         x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<Precise>);
}
Precise negative(Precise x) { return -x; }
Precise square(Precise x) { return x * x; }
Precise reciprocal(Precise x) { return 1 / x; }
Precise relu(Precise x) { return x <= 0 ? 0 : x; }
Precise silu(Precise x) { return x / (1 + std::exp(-x)); }

constexpr double kNotPromised = std::numeric_limits<double>::infinity();

const Accuracy kAccuracies[] = {
    {"exp", std::exp, -708, 709, 0.52, 2},
    {"exp", std::exp, -745, -708, 1, 1},
    {"exp", std::exp, -1, 1, 0.52, 2},
    {"exp", std::exp, 690, 709.7, 0.52, 2},
    {"exp", std::exp, -708, -690, 0.52, 2},
    {"expm1", std::expm1, -30, 30, 2, 3},
    {"expm1", std::expm1, -1e-3, 1e-3, 2, 3},
    {"log", std::log, 1e-320, 1e300, 1, 1},
    {"log", std::log, 0.5, 2, 1, 1},
    {"log1p", std::log1p, -0.999, 10, 1, 1},
    {"sqrt", std::sqrt, 0, 1e10, 0.5, 0.5},
    {"sin", std::sin, -10, 10, 2, 2},
    {"sin", std::sin, -1e5, 1e5, 3, 2},
    {"cos", std::cos, -10, 10, 2, 2},
    {"cos", std::cos, -1e5, 1e5, 3, 2},
    {"tan", std::tan, -10, 10, 3, 3},
    {"arcsin", std::asin, -1, 1, 2, 3},
    {"arccos", std::acos, -1, 1, 2, 2},
    {"arctan", std::atan, -20, 20, 2, 3},
    {"sinh", std::sinh, -20, 20, 2, 3},
    {"cosh", std::cosh, -20, 20, 2, 3},
    {"tanh", std::tanh, -20, 20, 2, 2},
    {"tanh", std::tanh, -1, 1, 2, 2},
    {"erf", std::erf, -6, 6, 1.5, 3},
    {"sigmoid", sigmoid, -40, 40, 2.5, 2.5},
    {"sigmoid", sigmoid, -1, 1, 2, 2},
    {"sigmoid", sigmoid, -88, -40, 2.5, 2.5},
    {"sigmoid", sigmoid, -709, -88, 2.5, kNotPromised},
    {"gelu", gelu, -1, 5, 4, 4},
    {"gelu", gelu, -5, -1, 40, 40},
    {"gelu_derivative", gelu_derivative, 0, 5, 4, 4},
    {"gelu_derivative", gelu_derivative, -0.5, 0, 8, 8},
    {"gelu_derivative", gelu_derivative, -5, -1, 40, 40},
    {"silu", silu, -40, 40, 3, 4},
    {"silu", silu, -88, -40, 3, 4},
    {"silu", silu, -709, -88, 3, kNotPromised},
    {"negative", negative, -10, 10, 0, 0},
    {"abs", std::abs, -10, 10, 0, 0},
    {"floor", std::floor, -10, 10, 0, 0},
    {"ceil", std::ceil, -10, 10, 0, 0},
    {"round", std::nearbyint, -10, 10, 0, 0},
    {"square", square, -10, 10, 0.5, 0.5},
    {"reciprocal", reciprocal, -10, 10, 0.5, 0.5},
    {"relu", relu, -10, 10, 0, 0},
};

template <class T>
T run_one(kernels::Elementwise function, T x) {
  T out = 0;
  kernels::table<T>().elementwise[static_cast<std::size_t>(function)][0](&out, &x, nullptr, nullptr, 1,
                                                                         false);
  return out;
}

/// How many units in the last place of `exact` the value is away from it.
template <class T>
double units_off(T value, Precise exact) {
  const T rounded = static_cast<T>(exact);
  if (value == rounded || (std::isnan(value) && std::isnan(rounded))) return 0;
  if (!std::isfinite(value) || !std::isfinite(rounded)) return std::numeric_limits<double>::infinity();
  const T size = std::abs(rounded);
  const T unit = std::nextafter(size, std::numeric_limits<T>::infinity()) - size;
  return static_cast<double>(std::abs(static_cast<Precise>(value) - exact) / static_cast<Precise>(unit));
}

template <class T>
class ElementwiseKernels : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ElementwiseKernels, Types);

TYPED_TEST(ElementwiseKernels, AreAsAccurateAsTheTableSays) {
  using T = TypeParam;
  std::mt19937 random(1);
  for (const Accuracy& accuracy : kAccuracies) {
    const kernels::Elementwise function = *find_elementwise(accuracy.op);
    const double most = sizeof(T) == 4 ? accuracy.units_float32 : accuracy.units_float64;
    const auto limit = static_cast<double>(std::numeric_limits<T>::max());
    std::uniform_real_distribution<double> draw(std::max(accuracy.low, -limit),
                                                std::min(accuracy.high, limit));
    double worst = 0;
    T worst_at = 0;
    for (int i = 0; i < 20'000; ++i) {
      const T x = static_cast<T>(draw(random));
      const double off = units_off(run_one(function, x), accuracy.exact(static_cast<Precise>(x)));
      if (off > worst) {
        worst = off;
        worst_at = x;
      }
    }
    EXPECT_LE(worst, most) << accuracy.op << " at " << worst_at;
  }
}

TYPED_TEST(ElementwiseKernels, GiveAnElementTheSameBitsWhateverItsNeighbours) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> row = {T(1),    T(-3),  T(700),   std::nextafter(T(700), inf),
                              T(0.25), T(750), T(2),     T(-745),
                              T(0.5),  nan,    T(-0.75), inf,
                              T(1.5),  -inf,   T(88.5),  T(-2),
                              T(-0.0), T(-88), T(3),     T(1e-30),
                              T(0.125)};
  for (const Accuracy& accuracy : kAccuracies) {
    const kernels::Elementwise function = *find_elementwise(accuracy.op);
    std::vector<T> found(row.size());
    kernels::table<T>().elementwise[static_cast<std::size_t>(function)][0](found.data(), row.data(), nullptr,
                                                                           nullptr, row.size(), false);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const T alone = run_one(function, row[i]);
      EXPECT_TRUE(found[i] == alone || (std::isnan(found[i]) && std::isnan(alone)))
          << accuracy.op << " of " << row[i] << ": " << found[i] << ", alone " << alone;
    }
  }
}

TYPED_TEST(ElementwiseKernels, KnowNaNInfinitiesAndSignedZeros) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T tiny = std::numeric_limits<T>::denorm_min(), least = std::numeric_limits<T>::min();
  for (const Accuracy& accuracy : kAccuracies) {
    const std::string op = accuracy.op;
    for (T x : {T(0), T(-0.0), inf, -inf, nan, tiny, -tiny, least, -least}) {
      const T found = run_one(*find_elementwise(op), x);
      const auto exact = static_cast<T>(accuracy.exact(static_cast<Precise>(x)));
      EXPECT_LE(units_off(found, static_cast<Precise>(exact)), 2)
          << op << " of " << x << ": " << found << ", not " << exact;
      if (exact == 0) {
        EXPECT_EQ(std::signbit(found), std::signbit(exact)) << op << " of " << x;
      }
    }
  }
  EXPECT_TRUE(std::isnan(run_one(kernels::Elementwise::relu, nan)));
  EXPECT_TRUE(std::isnan(run_one(kernels::Elementwise::sign, nan)));
  EXPECT_EQ(run_one(kernels::Elementwise::sign, T(-0.0)), T(0));
}

TYPED_TEST(ElementwiseKernels, HaveASigmoidThatIsZeroFromWhereExpIsInfinite) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity();
  const T last = sizeof(T) == 4 ? T(0x1.62e42ep6) : T(0x1.62e42fefa39efp9);  // whose exp is finite
  for (const T x : {-last, std::nextafter(-last, -inf), T(-745), T(-1000), -inf}) {
    const T found = run_one(kernels::Elementwise::sigmoid, x);
    EXPECT_LE(units_off(found, static_cast<Precise>(1 / (1 + std::exp(-x)))), 2) << x;
    EXPECT_EQ(found == 0, x < -last) << x;
  }
}

TYPED_TEST(ElementwiseKernels, TakeLittleLongerForASigmoidThanForExp) {
#if TALWEG_SANITIZED
  GTEST_SKIP() << "the speed of a sanitized build says nothing";
#endif
  using T = TypeParam;
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kElements = 4096;
  std::vector<T> x(kElements), y(kElements);
  for (std::size_t i = 0; i < kElements; ++i) x[i] = static_cast<T>(i % 101) / 25 - 2;
  const auto time = [&](kernels::Elementwise function) {
    const Clock::time_point begin = Clock::now();
    kernels::table<T>().elementwise[static_cast<std::size_t>(function)][0](y.data(), x.data(), nullptr,
                                                                           nullptr, kElements, false);
    return Clock::now() - begin;
  };
  Clock::duration of_sigmoid = Clock::duration::max(), of_exp = Clock::duration::max();
  for (int turn = 0; turn < 1000; ++turn) {
    of_sigmoid = std::min(of_sigmoid, time(kernels::Elementwise::sigmoid));
    of_exp = std::min(of_exp, time(kernels::Elementwise::exp));
  }
  EXPECT_LE(of_sigmoid, 1.6 * of_exp);
}

TYPED_TEST(ElementwiseKernels, MaximumAndMinimumAreNaNWhereOneOperandIs) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (kernels::Elementwise function : {kernels::Elementwise::maximum, kernels::Elementwise::minimum})
    for (const auto& [a, b] : {std::pair{nan, T(1)}, {T(1), nan}, {nan, nan}}) {
      T out = 0;
      kernels::table<T>().elementwise[static_cast<std::size_t>(function)][0](&out, &a, &b, nullptr, 1, false);
      EXPECT_TRUE(std::isnan(out));
    }
}

TYPED_TEST(ElementwiseKernels, NaNDiffersFromItselfAndIsTrue) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN(), one = 1, two = 2;
  const auto call = [&](kernels::Elementwise function, T a, T b, T c) {
    T out = 0;
    kernels::table<T>().elementwise[static_cast<std::size_t>(function)][0](&out, &a, &b, &c, 1, false);
    return out;
  };
  EXPECT_EQ(call(kernels::Elementwise::not_equal, nan, nan, 0), 1);
  EXPECT_EQ(call(kernels::Elementwise::not_equal, nan, one, 0), 1);
  EXPECT_EQ(call(kernels::Elementwise::equal, nan, nan, 0), 0);
  for (kernels::Elementwise function : {kernels::Elementwise::less, kernels::Elementwise::less_equal,
                                        kernels::Elementwise::greater, kernels::Elementwise::greater_equal})
    EXPECT_EQ(call(function, nan, one, 0), 0);
  EXPECT_EQ(call(kernels::Elementwise::where, nan, one, two), 1);
}

TYPED_TEST(ElementwiseKernels, WriteEveryElementAndNothingBeyond) {
  using T = TypeParam;
  constexpr T kUntouched = -77;
  const auto& entries = kernels::table<T>().elementwise;
  for (std::size_t n = 0; n <= 40; ++n) {
    std::vector<T> a(n + 1), b(n + 1), c(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = static_cast<T>(i) - 3;
      b[i] = static_cast<T>(2 * i) - 7;
      c[i] = static_cast<T>(i) * 5;
    }
    for (std::size_t mode = 0; mode < kernels::kOperandModes; ++mode) {
      const auto at = [&](const std::vector<T>& operand, std::size_t bit, std::size_t i) {
        return operand[(mode >> bit & 1U) != 0 ? 0 : i];
      };
      std::vector<T> sum(n + 1, kUntouched), chosen(n + 1, kUntouched);
      entries[static_cast<std::size_t>(kernels::Elementwise::add)][mode](sum.data(), a.data(), b.data(),
                                                                         nullptr, n, false);
      entries[static_cast<std::size_t>(kernels::Elementwise::where)][mode](chosen.data(), a.data(), b.data(),
                                                                           c.data(), n, false);
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(sum[i], at(a, 0, i) + at(b, 1, i)) << "mode " << mode << ", element " << i << " of " << n;
        ASSERT_EQ(chosen[i], at(a, 0, i) != 0 ? at(b, 1, i) : at(c, 2, i))
            << "mode " << mode << ", element " << i;
      }
      ASSERT_EQ(sum[n], kUntouched);
      ASSERT_EQ(chosen[n], kUntouched);
    }
  }
}

TYPED_TEST(ElementwiseKernels, MayWriteTheirOperand) {
  using T = TypeParam;
  for (const Accuracy& accuracy : kAccuracies)
    for (std::size_t n = 0; n <= 5 * kernels::kVectorBytes / sizeof(T); ++n) {
      std::vector<T> x(n), found(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i) / 50 - T(0.9);
      const auto kernel =
          kernels::table<T>().elementwise[static_cast<std::size_t>(*find_elementwise(accuracy.op))][0];
      kernel(found.data(), x.data(), nullptr, nullptr, n, false);
      kernel(x.data(), x.data(), nullptr, nullptr, n, false);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_TRUE(x[i] == found[i] || (std::isnan(x[i]) && std::isnan(found[i])))
            << accuracy.op << ", element " << i << " of " << n;
    }
}

TYPED_TEST(ElementwiseKernels, WriteNoFurtherThanTheLastVectorWhereItMayBeWhole) {
  using T = TypeParam;
  constexpr T kUntouched = -77;
  constexpr std::size_t kRoom = kernels::kVectorBytes / sizeof(T);
  for (std::size_t n = 1; n <= 3 * kRoom; ++n) {
    const std::size_t room = (n + kRoom - 1) / kRoom * kRoom;
    std::vector<T> x(n), parts(room + 1, kUntouched), whole(room + 1, kUntouched);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i) / 7 - 2;
    for (const kernels::Table<T>* table : {&kernels::table<T>(), &kernels::table_for<T>(n)}) {
      const auto kernel = table->elementwise[static_cast<std::size_t>(kernels::Elementwise::sigmoid)][0];
      kernel(parts.data(), x.data(), nullptr, nullptr, n, false);
      kernel(whole.data(), x.data(), nullptr, nullptr, n, true);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(parts[i], whole[i]) << i << " of " << n;
      ASSERT_EQ(whole[room], kUntouched) << n;
    }
  }
}

TEST(InstructionSet, HasTheNameOfOneThatIsBuilt) {
  const std::string name(kernels::instruction_set());
  EXPECT_TRUE(name == "x86-64-v2" || name == "x86-64-v3" || name == "x86-64-v4" || name == "baseline")
      << name;
}

}  // namespace
}  // namespace talweg
