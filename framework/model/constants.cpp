#include "model/constants.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <talweg/error.hpp>

#include "ops/division.hpp"

namespace talweg {
namespace {

const std::int64_t* as_integer(const Operand& operand) { return std::get_if<std::int64_t>(&operand.content); }

/// A flag counts as the integer 0 or 1.
Operand without_flag(const Operand& operand) {
  const auto* flag = std::get_if<bool>(&operand.content);
  return flag == nullptr ? operand : Operand{std::int64_t{*flag ? 1 : 0}};
}

[[noreturn]] void division_by_zero() { throw Error(Status::model, "division by zero"); }

std::optional<std::int64_t> integer_power(std::int64_t factor, std::int64_t exponent) {
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, factor, &result)) return std::nullopt;
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(factor, factor, &factor)) return std::nullopt;
  }
  return result;
}

/// The exact result, or nothing where it is no integer or passes 64 bits.
std::optional<std::int64_t> integer_result(Operator op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case Operator::add:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Operator::subtract:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Operator::multiply:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Operator::floor_divide:
      if (b == -1) return a == std::numeric_limits<std::int64_t>::min() ? std::nullopt : std::optional(-a);
      return a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0);
    case Operator::remainder:
      if (b == -1) return 0;
      result = a % b;
      return result != 0 && (result < 0) != (b < 0) ? result + b : result;
    case Operator::power:
      return b < 0 ? std::nullopt : integer_power(a, b);
    default:
      return std::nullopt;
  }
}

Operand floating_result(Operator op, double a, double b) {
  switch (op) {
    case Operator::add:
      return {a + b};
    case Operator::subtract:
      return {a - b};
    case Operator::multiply:
      return {a * b};
    case Operator::divide:
      return {a / b};
    case Operator::floor_divide:
      return {floored_quotient(a, b)};
    case Operator::remainder:
      return {floored_remainder(a, b)};
    case Operator::power:
      return {std::pow(a, b)};
    case Operator::equal:
      return {a == b};
    case Operator::not_equal:
      return {a != b};
    case Operator::less:
      return {a < b};
    case Operator::less_equal:
      return {a <= b};
    case Operator::greater:
      return {a > b};
    case Operator::greater_equal:
      return {a >= b};
    default:
      throw Error(Status::model, "'" + std::string(symbol(op)) + "' of two numbers");
  }
}

using UnaryFunction = double (*)(double);

const std::map<std::string, UnaryFunction, std::less<>>& unary_functions() {
  static const std::map<std::string, UnaryFunction, std::less<>> kFunctions = {
      {"sqrt", [](double x) { return std::sqrt(x); }},       {"exp", [](double x) { return std::exp(x); }},
      {"expm1", [](double x) { return std::expm1(x); }},     {"log", [](double x) { return std::log(x); }},
      {"log1p", [](double x) { return std::log1p(x); }},     {"sin", [](double x) { return std::sin(x); }},
      {"cos", [](double x) { return std::cos(x); }},         {"tan", [](double x) { return std::tan(x); }},
      {"arctan", [](double x) { return std::atan(x); }},     {"sinh", [](double x) { return std::sinh(x); }},
      {"cosh", [](double x) { return std::cosh(x); }},       {"tanh", [](double x) { return std::tanh(x); }},
      {"floor", [](double x) { return std::floor(x); }},     {"ceil", [](double x) { return std::ceil(x); }},
      {"round", [](double x) { return std::nearbyint(x); }}, {"float", [](double x) { return x; }}};
  return kFunctions;
}

Operand as_whole(double truncated) {
  if (!(std::abs(truncated) < 0x1p63)) throw Error(Status::model, "int() of a number past 64 bits");
  return {static_cast<std::int64_t>(truncated)};
}

}  // namespace

Operand apply_operator(Operator op, const Operand& left, const Operand& right) {
  const Operand a = without_flag(left), b = without_flag(right);
  const bool divides = op == Operator::divide || op == Operator::floor_divide || op == Operator::remainder;
  if (divides && *b.number() == 0) division_by_zero();
  if (op == Operator::power && *a.number() == 0 && *b.number() < 0) division_by_zero();
  if (as_integer(a) != nullptr && as_integer(b) != nullptr)
    if (const auto exact = integer_result(op, *as_integer(a), *as_integer(b))) return {*exact};
  return floating_result(op, *a.number(), *b.number());
}

Operand negate(const Operand& operand) {
  const Operand a = without_flag(operand);
  if (as_integer(a) != nullptr && *as_integer(a) != std::numeric_limits<std::int64_t>::min())
    return {-*as_integer(a)};
  return {-*a.number()};
}

std::optional<double> find_constant(std::string_view name) {
  if (name == "pi") return std::numbers::pi;
  if (name == "e") return std::numbers::e;
  if (name == "inf") return std::numeric_limits<double>::infinity();
  if (name == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

const std::vector<std::string>& constant_names() {
  static const std::vector<std::string> kNames = {"pi", "e", "inf", "nan"};
  return kNames;
}

std::optional<Operand> call_on_numbers(std::string_view name, std::span<const Operand> numbers) {
  if (numbers.size() == 1) {
    const Operand& x = numbers[0];
    if (name == "abs") return *x.number() < 0 ? negate(x) : without_flag(x);
    if (name == "int") return as_integer(x) != nullptr ? x : as_whole(std::trunc(*x.number()));
    const auto found = unary_functions().find(name);
    if (found != unary_functions().end()) return Operand{found->second(*x.number())};
  }
  if (numbers.size() >= 2 && (name == "min" || name == "max")) {
    const auto less = [](const Operand& a, const Operand& b) { return *a.number() < *b.number(); };
    return name == "min" ? *std::ranges::min_element(numbers, less)
                         : *std::ranges::max_element(numbers, less);
  }
  return std::nullopt;
}

const std::vector<std::string>& number_function_names() {
  static const std::vector<std::string> kNames = {"ceil", "float", "int", "len", "round"};
  return kNames;
}

}  // namespace talweg
