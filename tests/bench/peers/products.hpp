// The matrix products of a training step of dense layers and nothing else: forward, by the weights and,
// behind the first layer, by the inputs. What a large network costs at least.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

/// c (m, n) = a (m, k) @ b (k, n), row-major; a or b are stored as their transposes where it says so.
struct Product {
  int m, n, k;
  bool transposed_a, transposed_b;
};

inline std::vector<Product> products_of_step(const std::vector<int>& widths, int batch) {
  std::vector<Product> products;
  for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer) {
    const int in = widths[layer], out = widths[layer + 1];
    products.push_back({batch, out, in, false, false});
    products.push_back({in, out, batch, true, false});
    if (layer > 0) products.push_back({batch, in, out, false, true});
  }
  return products;
}

/// Seconds of one product, the best of several rounds. `multiply(product, a, b, c)` computes it.
template <class Multiply>
double seconds_of(const Product& product, int rounds, Multiply multiply) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUps = 3;
  constexpr double kOperationsOfRound = 1e9;
  const auto size = [](int rows, int columns) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  };
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> a(size(product.m, product.k)), b(size(product.k, product.n)),
      c(size(product.m, product.n));
  for (float& value : a) value = uniform(generator);
  for (float& value : b) value = uniform(generator);
  for (int i = 0; i < kWarmUps; ++i) multiply(product, a.data(), b.data(), c.data());
  const double operations = 2.0 * product.m * product.n * product.k;
  const int repeats = std::max(3, static_cast<int>(kOperationsOfRound / operations));
  double best = std::numeric_limits<double>::infinity();
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    for (int i = 0; i < repeats; ++i) multiply(product, a.data(), b.data(), c.data());
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count() / repeats);
  }
  return best;
}

/// The programs' main: ROUNDS BATCH WIDTH WIDTH... -> "products SECONDS", the sum of those of a step.
template <class Multiply>
int report_products(int count, char** arguments, Multiply multiply) {
  if (count < 5) return 2;
  std::vector<int> widths;
  for (int i = 3; i < count; ++i) widths.push_back(std::atoi(arguments[i]));
  double seconds = 0;
  for (const Product& product : products_of_step(widths, std::atoi(arguments[2])))
    seconds += seconds_of(product, std::atoi(arguments[1]), multiply);
  std::printf("products %.6e\n", seconds);
  return 0;
}
