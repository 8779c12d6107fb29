#pragma once

#include <cstddef>

#include "program/plan.hpp"

namespace talweg {

/// Where x becomes x - scale * g, and g is a product that nobody else reads, the product is subtracted as it
/// is computed: no memory is written and read again for g. Not where that would lose small terms
/// (ProductStep::is_subtractable).
void update_in_products(Plan& plan, DType dtype, std::size_t bytes_of_element);

}  // namespace talweg
