// Products of large matrices by oneDNN, which multiplies operands as they lie in memory: where many of their
// rows fall into one set of the cache, they drive each other out. Such operands are copied first, in blocks.

#include "kernels/dnnl/product.hpp"

#include <dnnl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

#include "kernels/dnnl/calling_thread.hpp"

namespace talweg::kernels {
namespace {

/// In memory (k, m) or (k, n) where it lies by terms, else (m, k) or (n, k); its lines are `stride` apart.
struct Operand {
  const float* data;
  std::int64_t stride;
  bool by_terms;
};

/// Of a copied block: so many terms of so many rows of a, or columns of b. Two of them fit a second-level
/// cache of 512 KiB.
constexpr std::int64_t kTerms = 256, kPart = 192;

// When a copy is worth its time: measured on one core of an EPYC 7003 with 6,665 products, m and n from 2 to
// 1024, k from 10 to 1024, lines without gaps and parts of longer ones. On average they take 0.7 % longer
// than if the fastest were known for each: nothing copied, a, b or both, or by OpenBLAS.

/// oneDNN copies both operands itself where 1/m + 1/n is less.
constexpr double kCopies = 0.0038;
/// Lines at a distance of so many elements fall into one set of the first-level cache.
constexpr std::int64_t kCacheStride = 4096 / sizeof(float);

/// The larger the greatest common divisor of both distances, the fewer are the sets that the lines fall into;
/// and each element is read `uses` times.
bool is_worth_a_copy(const Operand& operand, std::int64_t uses) {
  constexpr std::int64_t kLeast = 128, kLeastWithUses = 8192;
  const std::int64_t common = std::gcd(operand.stride, kCacheStride);
  return operand.by_terms && common >= kLeast && common * uses >= kLeastWithUses;
}

struct Range {
  std::int64_t begin, size;
};

/// Some terms of some rows of a or columns of b, copied where `copy` is not null.
Operand block_of(const Operand& whole, const Range& terms, const Range& part, float* copy) {
  const Range &lines = whole.by_terms ? terms : part, &within = whole.by_terms ? part : terms;
  const float* from = whole.data + lines.begin * whole.stride + within.begin;
  if (copy == nullptr) return {from, whole.stride, whole.by_terms};
  float* to = copy;
  for (std::int64_t line = 0; line < lines.size; ++line, from += whole.stride)
    to = std::copy_n(from, within.size, to);
  return {copy, within.size, whole.by_terms};
}

void product(float* c, std::int32_t c_stride, const float* a_data, std::int32_t a_stride, bool a_transposed,
             const float* b_data, std::int32_t b_stride, bool b_transposed, std::int32_t m, std::int32_t n,
             std::int32_t k, float alpha, float beta) {
  const OnCallingThread alone;
  const Operand a{a_data, a_stride, a_transposed}, b{b_data, b_stride, !b_transposed};
  const bool copies_itself = 1.0 / m + 1.0 / n < kCopies;
  const bool copy_a = !copies_itself && is_worth_a_copy(a, n),
             copy_b = !copies_itself && is_worth_a_copy(b, m);

  alignas(64) std::array<float, kPart * kTerms> copy_of_a;
  alignas(64) std::array<float, kPart * kTerms> copy_of_b;
  const std::int64_t parts = copy_a || copy_b ? (k + kTerms - 1) / kTerms : 1,
                     depth = (k + parts - 1) / parts, height = copy_a ? kPart : m, width = copy_b ? kPart : n;
  for (Range terms{0, depth}; terms.begin < k; terms.begin += depth, beta = 1) {
    terms.size = std::min(depth, k - terms.begin);
    for (Range rows{0, height}; rows.begin < m; rows.begin += height) {
      rows.size = std::min(height, m - rows.begin);
      const Operand block = block_of(a, terms, rows, copy_a ? copy_of_a.data() : nullptr);
      for (Range columns{0, width}; columns.begin < n; columns.begin += width) {
        columns.size = std::min(width, n - columns.begin);
        const Operand panel = block_of(b, terms, columns, copy_b ? copy_of_b.data() : nullptr);
        dnnl_sgemm(a_transposed ? 'T' : 'N', b_transposed ? 'T' : 'N', rows.size, columns.size, terms.size,
                   alpha, block.data, block.stride, panel.data, panel.stride, beta,
                   c + rows.begin * c_stride + columns.begin, c_stride);
      }
    }
  }
}

}  // namespace
}  // namespace talweg::kernels

#define TALWEG_EXPORT extern "C" __attribute__((visibility("default")))

TALWEG_EXPORT const talweg::kernels::LargeProduct<float> talweg_dnnl_product = talweg::kernels::product;
