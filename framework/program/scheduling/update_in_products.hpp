#pragma once

#include <cstddef>

#include "program/plan.hpp"
#include "program/steps/elementwise_step.hpp"

namespace talweg {

/// Does it change x where that lies, in memory of the caller's?
[[nodiscard]] bool is_in_place(const Plan& plan, const ElementwiseStep::ScaledSubtraction& update,
                               std::size_t bytes_of_element);

/// Where x becomes x - g or x - scale * g, and g is a product that nobody else reads, the product is
/// subtracted as it is computed: no memory is written and read again for g. Not where that would lose small
/// terms (ProductStep::is_subtractable).
void update_in_products(Plan& plan, DType dtype, std::size_t bytes_of_element);

}  // namespace talweg
