#pragma once

#include <cstddef>

#include "program/plan.hpp"

namespace talweg {

/// Makes one loop of small steps that follow each other and that compute matrices with the same columns, each
/// column from that column of others and from single numbers: a few rows of elementwise functions, products,
/// subtractions of products, sums of rows. A small product alone becomes a loop, too. What lies between them
/// stays in registers. Nothing is fused where machine code cannot be generated (VectorCode). The results have
/// the same bits, but for those of a NaN.
void fuse_columns(Plan& plan, DType dtype, std::size_t bytes_of_element);

}  // namespace talweg
