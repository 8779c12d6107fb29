#include "training/tensor_memory.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace talweg {
namespace {

template <class T>
class TensorMemoryOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(TensorMemoryOf, Types);

TYPED_TEST(TensorMemoryOf, ValuesIsFiniteWhereAllOfThemAre) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  struct Case {
    T value;
    bool finite;
  };
  const std::vector<Case> cases = {{T(0), true},
                                   {-T(0), true},
                                   {T(-1.5), true},
                                   {Limits::max(), true},
                                   {Limits::lowest(), true},
                                   {Limits::denorm_min(), true},
                                   {Limits::infinity(), false},
                                   {-Limits::infinity(), false},
                                   {Limits::quiet_NaN(), false},
                                   {-Limits::quiet_NaN(), false}};
  const DType dtype = sizeof(T) == sizeof(float) ? DType::float32 : DType::float64;
  for (const std::int64_t count : {1, 2, 3, 17, 100})
    for (const Case& one : cases)
      for (std::int64_t place = 0; place < count; ++place) {
        std::vector<T> values(static_cast<std::size_t>(count), T(2));
        values[static_cast<std::size_t>(place)] = one.value;
        EXPECT_EQ(all_finite(values.data(), dtype, count), one.finite) << one.value << " at " << place;
      }
  EXPECT_TRUE(all_finite(nullptr, dtype, 0));
}

}  // namespace
}  // namespace talweg
