#pragma once

#include <span>

#include "graph/shape.hpp"
#include "model/model.hpp"
#include "support/random.hpp"

namespace talweg {

/// How many values a weight reads and writes for one example.
struct Fans {
  double in = 1;
  double out = 1;
};

/// Of a matrix [in, out], as in `x @ w`: its two sizes, as Keras counts them. Of a kernel with three axes and
/// more, [out, in, height, width]: as PyTorch counts them, each times the size of the receptive field. Of a
/// vector both are its size, of a scalar 1.
[[nodiscard]] Fans fans_of(const Shape& shape);

/// Fills `values`, which are those of a tensor of that shape from element `first` on, row-major: of one after
/// the other, pieces make the whole. Only random kinds draw from the generator:
///   glorot_uniform  U(-a, a), a = gain sqrt(6 / (in + out))       (Glorot and Bengio 2010)
///   glorot_normal   N(0, s),  s = gain sqrt(2 / (in + out))
///   he_uniform      U(-a, a), a = gain sqrt(6 / in)               (He et al. 2015)
///   he_normal       N(0, s),  s = gain sqrt(2 / in)
void draw_initial_values(const Initializer& initializer, const Shape& shape, LegacyGenerator& generator,
                         std::int64_t first, std::span<double> values);

}  // namespace talweg
