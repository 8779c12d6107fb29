#pragma once

// The loop of the elementwise kernels over vectors of their operands.

#include <cstddef>

#include "kernels/vector.hpp"

namespace talweg::kernels {
namespace {

/// The operand at element i: a vector of it, or its one value in every lane.
template <class T, bool kSingle>
class Operand {
 public:
  explicit Operand(const T* data) : data_(data), single_(kSingle ? Vector<T>(*data) : Vector<T>(T(0))) {}
  [[nodiscard]] Vector<T> at(std::size_t i) const {
    if constexpr (kSingle) return single_;
    return load(data_ + i);
  }
  [[nodiscard]] Vector<T> part_at(std::size_t i, std::size_t n) const {
    if constexpr (kSingle) return single_;
    return load_part(data_ + i, n);
  }

 private:
  const T* data_;
  Vector<T> single_;
};

/// A function that can be called in three parts, too.
template <class F, class... V>
concept InParts = requires(F f, V... x) {
  f.end(f.middle(f.begin(x...)));
};

/// For the whole vectors among n elements. Each part is computed for another vector, so that the processor
/// need not wait for what takes long, be it a table or a division.
template <class T, class F, class... Operands>
void run_in_parts(T* out, std::size_t n, F f, const Operands&... operands) {
  constexpr std::size_t kStep = kLanes<T>;
  const std::size_t end = n - n % kStep;
  if (end <= kStep) {
    if (end > 0) store(f(operands.at(0)...), out);
    return;
  }
  auto middle = f.middle(f.begin(operands.at(0)...));
  auto begun = f.begin(operands.at(kStep)...);
  for (std::size_t i = 2 * kStep; i < end; i += kStep) {
    const auto next = f.begin(operands.at(i)...);
    const auto next_middle = f.middle(begun);
    store(f.end(middle), out + i - 2 * kStep);
    begun = next;
    middle = next_middle;
  }
  store(f.end(middle), out + end - 2 * kStep);
  store(f.end(f.middle(begun)), out + end - kStep);
}

/// For the whole vectors among n elements, kUnroll of them in each round of the loop.
template <class T, std::size_t kUnroll, class F, class... Operands>
void run_whole(T* out, std::size_t n, F f, const Operands&... operands) {
  constexpr std::size_t kStep = kLanes<T>;
  std::size_t i = 0;
  for (; i + kUnroll * kStep <= n; i += kUnroll * kStep)
    for (std::size_t k = 0; k < kUnroll * kStep; k += kStep) store(f(operands.at(i + k)...), out + i + k);
  if constexpr (kUnroll > 1)
    for (; i + kStep <= n; i += kStep) store(f(operands.at(i)...), out + i);
}

/// See ElementwiseKernel. Where the function is short, the loop's counter and branch take as long as it does,
/// so that it pays to unroll.
template <class T, std::size_t kUnroll = 1, class F, class... Operands>
void run(T* out, std::size_t n, bool whole, F f, const Operands&... operands) {
  if constexpr (InParts<F, decltype(operands.at(0))...>)
    run_in_parts(out, n, f, operands...);
  else
    run_whole<T, kUnroll>(out, n, f, operands...);
  const std::size_t i = n - n % kLanes<T>;
  if (i == n) return;
  const Vector<T> last = f(operands.part_at(i, n - i)...);
  if (whole)
    store(last, out + i);
  else
    store_part(last, out + i, n - i);
}

}  // namespace
}  // namespace talweg::kernels
