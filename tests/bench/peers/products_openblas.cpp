// The products of a training step by cblas_sgemm. OPENBLAS_NUM_THREADS says on how many threads.
// usage: products_openblas ROUNDS BATCH WIDTH WIDTH...

#include <cblas.h>

#include "products.hpp"

int main(int count, char** arguments) {
  return report_products(
      count, arguments, [](const Product& product, const float* a, const float* b, float* c) {
        const auto flag = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
        cblas_sgemm(CblasRowMajor, flag(product.transposed_a), flag(product.transposed_b), product.m,
                    product.n, product.k, 1, a, product.transposed_a ? product.m : product.k, b,
                    product.transposed_b ? product.k : product.n, 0, c, product.n);
      });
}
