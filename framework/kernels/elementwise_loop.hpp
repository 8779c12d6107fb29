#pragma once

// The loop of the elementwise kernels over vectors of their operands.

#include <cstddef>
#include <type_traits>

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

/// What a function gives that ends in a division. The loop divides when the next vector's function has begun:
/// the processor computes that while it divides.
template <class T>
struct Quotient {
  Vector<T> dividend, divisor;
};

template <class T>
inline const Vector<T>& value_of(const Vector<T>& value) {
  return value;
}
template <class T>
inline Vector<T> value_of(const Quotient<T>& quotient) {
  return quotient.dividend / quotient.divisor;
}

/// See ElementwiseKernel.
template <class T, class F, class... Operands>
void run(T* out, std::size_t n, bool whole, F f, const Operands&... operands) {
  std::size_t i = 0;
  if constexpr (std::is_same_v<decltype(f(operands.at(0)...)), Quotient<T>>) {
    if (n >= kLanes<T>) {
      Quotient<T> previous = f(operands.at(0)...);
      for (i = kLanes<T>; i + kLanes<T> <= n; i += kLanes<T>) {
        const Quotient<T> next = f(operands.at(i)...);
        store(value_of<T>(previous), out + i - kLanes<T>);
        previous = next;
      }
      store(value_of<T>(previous), out + i - kLanes<T>);
    }
  } else {
    for (; i + kLanes<T> <= n; i += kLanes<T>) store(f(operands.at(i)...), out + i);
  }
  if (i == n) return;
  const Vector<T> last = value_of<T>(f(operands.part_at(i, n - i)...));
  if (whole)
    store(last, out + i);
  else
    store_part(last, out + i, n - i);
}

}  // namespace
}  // namespace talweg::kernels
