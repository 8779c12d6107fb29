#pragma once

#include <cstddef>

#include "program/plan.hpp"

namespace talweg {

/// Keeps in panels, from one run to the next, matrices of the caller's that steps do nothing with but
/// multiply by them, or by their transposes, and either subtract products from them or compute them anew by
/// elementwise functions of a product and of states that are theirs alone: the weights of dense layers.
/// Biases are added by the products. The layers' values lie in panels, too, where all that use them can have
/// them so; the others are packed, once for all readers, and once for all runs where they never change
/// (Binding::stays). Only where that was measured to be faster. The BLAS adds in another order: the last bits
/// differ.
void weights_in_panels(Plan& plan, DType dtype, std::size_t bytes_of_element);

}  // namespace talweg
