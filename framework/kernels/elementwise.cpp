// The elementwise kernels of one instruction set.

#include <cmath>
#include <type_traits>
#include <utility>

#include "kernels/build.hpp"
#include "kernels/elementwise_loop.hpp"
#include "kernels/functions.hpp"
#include "kernels/sigmoid.hpp"

namespace talweg::kernels {
namespace {

template <class T, class F, std::size_t kMode>
void kernel(T* out, const T* a, [[maybe_unused]] const T* b, [[maybe_unused]] const T* c, std::size_t n,
            bool whole) {
  using V = Vector<T>;
  const Operand<T, (kMode & 1U) != 0> first(a);
  if constexpr (std::is_invocable_v<F, V>) {
    run<T>(out, n, whole, F{}, first);
  } else {
    const Operand<T, (kMode & 2U) != 0> second(b);
    if constexpr (std::is_invocable_v<F, V, V>) {
      run<T>(out, n, whole, F{}, first, second);
    } else {
      const Operand<T, (kMode & 4U) != 0> third(c);
      run<T>(out, n, whole, F{}, first, second, third);
    }
  }
}

template <class T>
class Entries {
 public:
  using V = Vector<T>;

  explicit Entries(Table<T>& table) : table_(table) {}

  /// The kernels of one function. Modes that speak of operands it does not have repeat those without.
  template <bool kFills = false, class F>
  void add(Elementwise op, F) {
    auto& modes = table_.elementwise[static_cast<std::size_t>(op)];
    // A function of one value is not called for many where it is one; `copy` is, to fill.
    constexpr std::size_t kUsed = std::is_invocable_v<F, V>      ? (kFills ? 1 : 0)
                                  : std::is_invocable_v<F, V, V> ? 3
                                                                 : 7;
    [&]<std::size_t... kMode>(std::index_sequence<kMode...>) {
      ((modes[kMode] = kernel<T, F, kMode & kUsed>), ...);
    }
    (std::make_index_sequence<kOperandModes>{});
  }

 private:
  Table<T>& table_;
};

template <class T>
void add_simple(Entries<T>& entries) {
  using V = Vector<T>;
  using enum Elementwise;
  entries.template add<true>(copy, [](V x) { return x; });
  // Not -x: with AVX-512 xsimd subtracts from 0, which has no -0.
  entries.add(negative, [](V x) { return x ^ V(T(-0.0)); });
  entries.add(abs, [](V x) { return xsimd::abs(x); });
  entries.add(sign, [](V x) {
    const V zero(T(0));
    return xsimd::select(x > zero, V(T(1)),
                         xsimd::select(x < zero, V(T(-1)), xsimd::select(x == zero, zero, x)));
  });
  entries.add(floor, [](V x) { return xsimd::floor(x); });
  entries.add(ceil, [](V x) { return xsimd::ceil(x); });
  entries.add(round, [](V x) { return xsimd::nearbyint(x); });
  entries.add(square, [](V x) { return x * x; });
  entries.add(reciprocal, [](V x) { return V(T(1)) / x; });
  entries.add(sqrt, [](V x) { return xsimd::sqrt(x); });
  entries.add(add, [](V a, V b) { return a + b; });
  entries.add(subtract, [](V a, V b) { return a - b; });
  entries.add(multiply, [](V a, V b) { return a * b; });
  entries.add(divide, [](V a, V b) { return a / b; });
  entries.add(power, [](V a, V b) { return by_lane<T>([](T x, T y) { return std::pow(x, y); }, a, b); });
  entries.add(maximum, [](V a, V b) { return kernels::maximum<T>(a, b); });
  entries.add(minimum, [](V a, V b) { return kernels::minimum<T>(a, b); });
  entries.add(equal, [](V a, V b) { return truth<T>(a == b); });
  entries.add(not_equal, [](V a, V b) { return truth<T>(differ<T>(a, b)); });
  entries.add(less, [](V a, V b) { return truth<T>(a < b); });
  entries.add(less_equal, [](V a, V b) { return truth<T>(a <= b); });
  entries.add(greater, [](V a, V b) { return truth<T>(a > b); });
  entries.add(greater_equal, [](V a, V b) { return truth<T>(a >= b); });
  entries.add(where, [](V condition, V a, V b) { return xsimd::select(condition == V(T(0)), b, a); });
}

template <class T>
void add_transcendental(Entries<T>& entries) {
  using V = Vector<T>;
  using enum Elementwise;
  entries.add(exp, [](V x) { return kernels::exp<T>(x); });
  entries.add(expm1, [](V x) { return kernels::expm1<T>(x); });
  entries.add(log, [](V x) { return kernels::log<T>(x); });
  entries.add(log1p, [](V x) { return kernels::log1p<T>(x); });
  entries.add(sin, [](V x) { return xsimd::sin(x); });
  entries.add(cos, [](V x) { return xsimd::cos(x); });
  entries.add(tan, [](V x) { return xsimd::tan(x); });
  entries.add(arcsin, [](V x) { return xsimd::asin(x); });
  entries.add(arccos, [](V x) { return xsimd::acos(x); });
  entries.add(arctan, [](V x) { return xsimd::atan(x); });
  entries.add(sinh, [](V x) { return xsimd::sinh(x); });
  entries.add(cosh, [](V x) { return xsimd::cosh(x); });
  entries.add(tanh, [](V x) { return xsimd::tanh(x); });
  entries.add(erf, [](V x) { return kernels::erf<T>(x); });
}

template <class T>
void add_activations(Entries<T>& entries) {
  using V = Vector<T>;
  using enum Elementwise;
  entries.add(sigmoid, Sigmoid<T>{});
  entries.add(relu, [](V x) { return kernels::relu(x); });
  entries.add(leaky_relu, [](V x, V slope) { return xsimd::select(x > V(T(0)), x, slope * x); });
  entries.add(elu, [](V x, V alpha) { return xsimd::select(x > V(T(0)), x, alpha * kernels::expm1<T>(x)); });
  entries.add(gelu, [](V x) { return kernels::gelu<T>(x); });
  entries.add(gelu_derivative, [](V x) { return kernels::gelu_derivative<T>(x); });
  entries.add(silu, [](V x) { return silu_of<T>(x); });
  entries.add(softplus, [](V x, V beta, V threshold) {
    const V scaled = beta * x, zero(T(0));
    const V smooth = kernels::log1p<T>(kernels::exp<T>(-xsimd::abs(scaled)));
    return xsimd::select(scaled > threshold, x, (xsimd::select(scaled > zero, scaled, zero) + smooth) / beta);
  });
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_elementwise(Table<T>& table) {
  Entries<T> entries(table);
  add_simple(entries);
  add_transcendental(entries);
  add_activations(entries);
}

template void add_elementwise(Table<float>&);
template void add_elementwise(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
