#include "program/panels.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "kernels/kernels.hpp"

namespace talweg {
namespace {

/// The instruction sets that were measured. On others the BLAS may be faster.
constexpr std::array<std::string_view, 2> kMeasured = {"x86-64-v3", "x86-64-v4"};
constexpr std::int64_t kLeastExamples = 16;
/// Weights for each example, from which panels are faster: of a layer whose units fill panels, and of one
/// whose units are fewer than a panel has columns, for which the BLAS is slow. Others have to be packed.
constexpr std::int64_t kWeightsPerExample = 512, kWeightsOfFewUnits = 16;
/// At most this part of what is computed may be there to fill vectors, and functions that go over that, too,
/// are worth it from so many examples on.
constexpr std::int64_t kLargestPartOfFilling = 8, kLeastExamplesOfFilledFunctions = 64;

}  // namespace

std::int64_t panel_width(DType dtype) {
  return dtype == DType::float32 ? panel_width<float>() : panel_width<double>();
}

template <class T>
std::int64_t panel_width() {
  return static_cast<std::int64_t>(kernels::table<T>().panels.width);
}

template std::int64_t panel_width<float>();
template std::int64_t panel_width<double>();

std::int64_t elements_in_panels(std::int64_t rows, std::int64_t columns, std::int64_t width) {
  return rows * ((columns + width - 1) / width * width);
}

bool are_panels_faster(std::int64_t examples, std::int64_t rows, std::int64_t columns, std::int64_t width,
                       WeightUpdate update) {
  const bool is_measured = std::ranges::find(kMeasured, kernels::instruction_set()) != kMeasured.end();
  if (!is_measured || examples < kLeastExamples || columns < 2) return false;
  const bool by_product = update == WeightUpdate::product;
  if (columns < width) return by_product && rows * columns >= kWeightsOfFewUnits * examples;
  // Where half of a panel is empty, the other half is computed.
  const std::int64_t vector = width / 2, filling = (vector - columns % vector) % vector;
  return filling <= columns / kLargestPartOfFilling && rows * columns >= kWeightsPerExample * examples &&
         (by_product || columns % width == 0 || examples >= kLeastExamplesOfFilledFunctions);
}

}  // namespace talweg
