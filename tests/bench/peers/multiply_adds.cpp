// The multiply-adds of the products of a training step, in registers: what no product that computes them all
// can be faster than on as many threads of this machine.
// usage: multiply_adds THREADS BATCH WIDTH WIDTH...

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "products.hpp"

namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
using Vector [[gnu::vector_size(kVectorBytes)]] = float;
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(float));

/// Operations in a second, of one thread: so many sums that none waits for its last multiply-add.
double measure(float factor_of_all) {
  using Clock = std::chrono::steady_clock;
  constexpr int kSums = 12, kRounds = 5, kRepeats = 200'000;
  std::array<Vector, kSums> sums{};
  const Vector factor = Vector{} + factor_of_all, term = Vector{} + 1.0F;
  double most = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    for (int repeat = 0; repeat < kRepeats; ++repeat)
      for (Vector& sum : sums) sum = sum * factor + term;
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    most = std::max(most, 2.0 * kSums * kLanes * kRepeats / seconds.count());
  }
  float all = 0;
  for (const Vector& sum : sums) all += sum[0];
  return all > 0 ? most : 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return 2;
  std::vector<int> widths;
  for (int i = 3; i < count; ++i) widths.push_back(std::atoi(arguments[i]));
  double operations = 0;
  for (const Product& product : products_of_step(widths, std::atoi(arguments[2])))
    operations += 2.0 * product.m * product.n * product.k;
  // More threads than processors would be counted as if each had one.
  const auto processors = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<double> speeds(static_cast<std::size_t>(std::clamp(std::atoi(arguments[1]), 1, processors)));
  std::vector<std::thread> threads;
  threads.reserve(speeds.size());
  const float factor = 1.0F / static_cast<float>(count);  // that the compiler does not know
  for (double& speed : speeds) threads.emplace_back([&speed, factor] { speed = measure(factor); });
  for (std::thread& thread : threads) thread.join();
  double speed = 0;
  for (const double one : speeds) speed += one;
  std::printf("multiply_adds %.6e\n", operations / speed);
  return 0;
}
