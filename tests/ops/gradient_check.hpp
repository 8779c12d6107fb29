#pragma once

#include <string>

#include "ops/samples.hpp"

namespace talweg {

/// What is wrong with the gradient of a sample, or with the gradient of that: the first element that differs
/// from the central difference in float64. "" where all agree, and where no gradient is due.
[[nodiscard]] std::string check_first_order(const Sample& sample);
[[nodiscard]] std::string check_second_order(const Sample& sample);

}  // namespace talweg
