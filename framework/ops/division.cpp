// Floored division: the operators // and %. By 0 the quotient is that of IEEE and the remainder NaN; of
// integers both are 0, as NumPy's.

#include "ops/division.hpp"

#include <limits>

#include "ops/elementwise.hpp"
#include "ops/registry.hpp"

namespace talweg {
namespace {

/// An integer 0 has no sign.
template <class T>
T unsigned_zero(T x, bool whole) {
  return whole ? x + T{0} : x;
}

struct FloorDivide {
  explicit FloorDivide(const Attributes& attributes) : whole(attributes.flag("whole")) {}
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0) return whole ? T{0} : a / b;
    return unsigned_zero(floored_quotient(a, b), whole);
  }
  bool whole;
};

struct Remainder {
  explicit Remainder(const Attributes& attributes) : whole(attributes.flag("whole")) {}
  template <class T>
  T operator()(T a, T b) const {
    if (b == 0) return whole ? T{0} : std::numeric_limits<T>::quiet_NaN();
    return unsigned_zero(floored_remainder(a, b), whole);
  }
  bool whole;
};

Value divide_by(const char* op, Value a, Value b) {
  const bool whole = !is_floating(a.dtype()) && !is_floating(b.dtype());
  return emit(op, {a, b}, {{"whole", whole}});
}

/// d/da = 1, d/db = -(a // b), between the jumps.
Values remainder_gradient(const GradientCall& call) {
  return {call.gradient, -call.gradient * divide_by("floor_divide", call.input(0), call.input(1))};
}

template <const char* kOp>
Result call_division(const Arguments& arguments) {
  return divide_by(kOp, arguments.tensor("a"), arguments.tensor("b"));
}

constexpr char kFloorDivide[] = "floor_divide", kRemainder[] = "remainder";

}  // namespace

void register_division() {
  const auto rule = infer_elementwise<ResultType::numeric>;
  const Op& quotient = add_elementwise_op<FloorDivide>(
      kFloorDivide, "a // b: the largest whole number <= a / b", rule, nullptr);
  const Op& remainder = add_elementwise_op<Remainder>(kRemainder, "a % b: a - b (a // b), with the sign of b",
                                                      rule, remainder_gradient);
  FunctionRegistry& functions = FunctionRegistry::instance();
  functions.add({kFloorDivide, quotient.formula, {{"a"}, {"b"}}, call_division<kFloorDivide>});
  functions.add({kRemainder, remainder.formula, {{"a"}, {"b"}}, call_division<kRemainder>});
}

}  // namespace talweg
