// Which dense layers lie in panels.

#include "program/panels.hpp"

#include <gtest/gtest.h>

#include "kernels/instruction_sets.hpp"

namespace talweg {
namespace {

struct Case {
  std::int64_t examples, rows, columns, width;
  bool by_product, by_functions;  ///< are they faster where that updates the weights?
};

constexpr Case kCases[] = {
    // Units that fill panels, from 512 weights for each example on.
    {128, 784, 256, 32, true, true},
    {128, 255, 256, 32, false, false},
    {128, 256, 256, 32, true, true},
    {15, 784, 256, 32, false, false},
    {16, 784, 256, 32, true, true},
    // What fills vectors of 16 up is an eighth of the units at most.
    {64, 784, 300, 32, true, true},
    {63, 784, 300, 32, true, false},
    {64, 784, 100, 32, true, true},
    {64, 784, 99, 32, false, false},
    {64, 784, 43, 16, true, true},
    {64, 784, 33, 32, false, false},
    // Fewer than a panel has columns.
    {128, 1024, 10, 32, true, false},
    {128, 204, 10, 32, false, false},
    {128, 205, 10, 32, true, false},
    {128, 4096, 1, 32, false, false},
};

TEST(Panels, AreFasterForLayersOfTheseSizes) {
  for (const Case& one : kCases)
    for (const bool by_product : {true, false}) {
      const bool faster = are_panels_faster(one.examples, one.rows, one.columns, one.width,
                                            by_product ? WeightUpdate::product : WeightUpdate::functions);
      EXPECT_EQ(faster, has_avx2() && (by_product ? one.by_product : one.by_functions))
          << one.examples << " examples, " << one.rows << " x " << one.columns << ", panels of " << one.width
          << (by_product ? ", updated by a product" : ", updated by functions");
    }
}

}  // namespace
}  // namespace talweg
