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

/// Half the sum is computed and then doubled, which is infinite where the power alone is.
template <>
struct Sigmoid<double> {
  using V = Vector<double>;
  static Reduced begin(const V& x) {
    // So written, max and min leave NaN as it is.
    return reduce<-1>(xsimd::min(V(600.0), xsimd::max(V(-710.0), x)), V(kRounder - kPowers));
  }
  static V middle(const Reduced& x) {
    const V half = V(0.5) + exp_of<-1>(x);
    return half + half;
  }
  static V end(const V& sum) { return V(1.0) / sum; }
  V operator()(const V& x) const { return end(middle(begin(x))); }
};

}  // namespace
}  // namespace talweg::kernels
