#include "program/panels.hpp"

#include <string_view>

#include "kernels/kernels.hpp"

namespace talweg {
namespace {

/// The instruction set that was measured. On others the BLAS may be faster.
constexpr std::string_view kMeasured = "x86-64-v3";
constexpr std::int64_t kLeastExamples = 16;
/// Weights for each example, from which panels are faster: of a layer whose units fill panels, and of one
/// whose units are fewer than a panel has columns, for which the BLAS is slow. Others have to be packed.
constexpr std::int64_t kWeightsPerExample = 512, kWeightsOfFewUnits = 16;

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

bool are_panels_faster(std::int64_t examples, std::int64_t rows, std::int64_t columns, std::int64_t width) {
  if (kernels::instruction_set() != kMeasured || examples < kLeastExamples || columns < 2) return false;
  if (columns < width) return rows * columns >= kWeightsOfFewUnits * examples;
  return columns % width == 0 && rows * columns >= kWeightsPerExample * examples;
}

}  // namespace talweg
