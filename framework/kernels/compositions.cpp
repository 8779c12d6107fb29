// Several elementwise functions in one pass, of one instruction set.

#include <type_traits>
#include <utility>

#include "kernels/build.hpp"
#include "kernels/elementwise_loop.hpp"

namespace talweg::kernels {
namespace {

/// Of the loops over compositions, see `run`.
inline constexpr std::size_t kUnroll = 2;

template <Inner kInner>
inline constexpr bool kInnerIsUnary = kInner == Inner::square || kInner == Inner::sqrt;

template <Outer kOuter>
inline constexpr bool kOuterIsUnary = kOuter == Outer::sqrt || kOuter == Outer::relu;

template <Inner kInner, class V>
inline V inner_of(const V& a, [[maybe_unused]] const V& b) {
  if constexpr (kInner == Inner::add) return a + b;
  if constexpr (kInner == Inner::subtract) return a - b;
  if constexpr (kInner == Inner::multiply) return a * b;
  if constexpr (kInner == Inner::divide) return a / b;
  if constexpr (kInner == Inner::square) return a * a;
  if constexpr (kInner == Inner::sqrt) return xsimd::sqrt(a);
}

template <Outer kOuter, class V>
inline V outer_of(const V& x, [[maybe_unused]] const V& c) {
  if constexpr (kOuter == Outer::add) return x + c;
  if constexpr (kOuter == Outer::subtract) return x - c;
  if constexpr (kOuter == Outer::subtract_from) return c - x;
  if constexpr (kOuter == Outer::multiply) return x * c;
  if constexpr (kOuter == Outer::divide) return x / c;
  if constexpr (kOuter == Outer::divide_into) return c / x;
  if constexpr (kOuter == Outer::sqrt) return xsimd::sqrt(x);
  if constexpr (kOuter == Outer::relu) return relu(x);
}

template <class T, Inner kInner, Outer kOuter, std::size_t kMode>
void composed(T* out, const T* a, [[maybe_unused]] const T* b, [[maybe_unused]] const T* c, std::size_t n,
              bool whole) {
  using V = Vector<T>;
  const Operand<T, (kMode & 1U) != 0> first(a);
  if constexpr (kInnerIsUnary<kInner>) {
    const Operand<T, (kMode & 4U) != 0> third(c);
    run<T, kUnroll>(
        out, n, whole, [](V x, V z) { return outer_of<kOuter>(inner_of<kInner>(x, x), z); }, first, third);
  } else {
    const Operand<T, (kMode & 2U) != 0> second(b);
    if constexpr (kOuterIsUnary<kOuter>) {
      run<T, kUnroll>(
          out, n, whole, [](V x, V y) { return outer_of<kOuter>(inner_of<kInner>(x, y), y); }, first, second);
    } else {
      const Operand<T, (kMode & 4U) != 0> third(c);
      run<T, kUnroll>(
          out, n, whole, [](V x, V y, V z) { return outer_of<kOuter>(inner_of<kInner>(x, y), z); }, first,
          second, third);
    }
  }
}

template <class T, bool kSubtracts, bool kSquares, std::size_t kMode>
void products(T* out, const T* a, const T* b, const T* c, const T* d, std::size_t n, bool whole) {
  using V = Vector<T>;
  const Operand<T, (kMode & 1U) != 0> first(a);
  const Operand<T, false> second(b), fourth(d);
  const Operand<T, (kMode & 2U) != 0> third(c);
  run<T, kUnroll>(
      out, n, whole,
      [](V x, V y, V z, V w) {
        const V left = x * y, right = z * (kSquares ? w * w : w);
        return kSubtracts ? left - right : left + right;
      },
      first, second, third, fourth);
}

template <class T, bool kSingle>
void product_of_difference(T* out, const T* a, const T* b, const T* c, const T* d, std::size_t n,
                           bool whole) {
  using V = Vector<T>;
  const Operand<T, kSingle> first(a);
  const Operand<T, false> second(b), third(c), fourth(d);
  run<T, kUnroll>(
      out, n, whole, [](V x, V y, V z, V w) { return (x - y) * z * w; }, first, second, third, fourth);
}

template <class T, Choice kChoice, std::size_t kMode>
void choice(T* out, const T* a, const T* b, const T* c, const T* d, std::size_t n, bool whole) {
  using V = Vector<T>;
  const Operand<T, false> first(a);
  const Operand<T, (kMode & 1U) != 0> second(b);
  const Operand<T, (kMode & 2U) != 0> third(c);
  const Operand<T, (kMode & 4U) != 0> fourth(d);
  run<T, kUnroll>(
      out, n, whole,
      [](V x, V y, V z, V w) {
        if constexpr (kChoice == Choice::less_equal)
          return xsimd::select(x <= y, z, w);
        else
          return xsimd::select(x > y, z, w);
      },
      first, second, third, fourth);
}

template <class T, Inner kInner, Outer kOuter>
void add_composed(Table<T>& table) {
  // Modes that speak of operands it does not have repeat those without.
  constexpr std::size_t kUsed = (kInnerIsUnary<kInner> ? 0U : 3U) | (kOuterIsUnary<kOuter> ? 0U : 4U);
  auto& modes = table.composed[static_cast<std::size_t>(kInner)][static_cast<std::size_t>(kOuter)];
  const auto set = [&]<std::size_t kMode>(std::integral_constant<std::size_t, kMode>) {
    if constexpr ((kMode & 3U) != 3U) modes[kMode] = composed<T, kInner, kOuter, kMode & kUsed>;
  };
  if constexpr (!(kInnerIsUnary<kInner> && kOuterIsUnary<kOuter>))
    [&]<std::size_t... kMode>(std::index_sequence<kMode...>) {
      (set(std::integral_constant<std::size_t, kMode>{}), ...);
    }
  (std::make_index_sequence<kOperandModes>{});
}

template <class T, Inner kInner>
void add_composed_with_all(Table<T>& table) {
  [&]<std::size_t... kOuter>(std::index_sequence<kOuter...>) {
    (add_composed<T, kInner, static_cast<Outer>(kOuter)>(table), ...);
  }
  (std::make_index_sequence<kOuterCount>{});
}

template <class T, std::size_t... kMode>
void add_sums_of_products(Table<T>& table, std::index_sequence<kMode...>) {
  ((table.products[0][0][kMode] = products<T, false, false, kMode>), ...);
  ((table.products[0][1][kMode] = products<T, false, true, kMode>), ...);
  ((table.products[1][0][kMode] = products<T, true, false, kMode>), ...);
  ((table.products[1][1][kMode] = products<T, true, true, kMode>), ...);
  table.product_of_difference[0] = product_of_difference<T, false>;
  table.product_of_difference[1] = product_of_difference<T, true>;
}

template <class T, std::size_t... kMode>
void add_choices(Table<T>& table, std::index_sequence<kMode...>) {
  ((table.choice[static_cast<std::size_t>(Choice::less_equal)][kMode] = choice<T, Choice::less_equal, kMode>),
   ...);
  ((table.choice[static_cast<std::size_t>(Choice::greater)][kMode] = choice<T, Choice::greater, kMode>), ...);
}

}  // namespace

namespace TALWEG_KERNELS {

template <class T>
void add_compositions(Table<T>& table) {
  [&]<std::size_t... kInner>(std::index_sequence<kInner...>) {
    (add_composed_with_all<T, static_cast<Inner>(kInner)>(table), ...);
  }
  (std::make_index_sequence<kInnerCount>{});
  add_sums_of_products(table, std::make_index_sequence<4>{});
  add_choices(table, std::make_index_sequence<kOperandModes>{});
}

template void add_compositions(Table<float>&);
template void add_compositions(Table<double>&);

}  // namespace TALWEG_KERNELS
}  // namespace talweg::kernels
