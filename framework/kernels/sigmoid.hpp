#pragma once

// 1 / (1 + exp(-x)) in parts, see InParts. Where the power is infinite it is 0.

#include "kernels/exp.hpp"
#include "kernels/functions.hpp"

namespace talweg::kernels {
namespace {

template <class T>
struct Sigmoid {
  using V = Vector<T>;
  static V begin(const V& x) { return exp<T>(-x); }
  static V middle(const V& power) { return V(T(1)) + power; }
  static V end(const V& sum) { return V(T(1)) / sum; }
  V operator()(const V& x) const { return end(middle(begin(x))); }
};

/// Above and below are halved, so that no power overflows before the quotient is 0.
template <>
struct Sigmoid<double> {
  using V = Vector<double>;
  struct Begun {
    Reduced reduced;
    V dividend;
  };
  struct Quotient {
    V dividend, divisor;
  };

  static Begun begin(const V& x) {
    // So written, max and min leave NaN as it is.
    const V within = xsimd::min(V(600.0), xsimd::max(V(-710.0), x));
    return {reduce<-1>(within, V(kRounder - kPowers)), xsimd::select(x <= V(-kInfiniteExp), V(0.0), V(0.5))};
  }
  static Quotient middle(const Begun& x) { return {x.dividend, V(0.5) + exp_of<-1>(x.reduced)}; }
  static V end(const Quotient& quotient) { return quotient.dividend / quotient.divisor; }
  V operator()(const V& x) const { return end(middle(begin(x))); }
};

}  // namespace
}  // namespace talweg::kernels
