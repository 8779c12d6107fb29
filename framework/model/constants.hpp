#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/expression.hpp"
#include "model/operand.hpp"

namespace talweg {

/// Python's arithmetic on numbers: integers stay exact until they pass 64 bits, then they become floating.
/// Throws Error{model} without a place: division by zero, @ of numbers.
[[nodiscard]] Operand apply_operator(Operator op, const Operand& a, const Operand& b);
[[nodiscard]] Operand negate(const Operand& a);

/// pi, e, inf, nan.
[[nodiscard]] std::optional<double> find_constant(std::string_view name);
[[nodiscard]] const std::vector<std::string>& constant_names();

/// A function of numbers that gives a number without a graph: sqrt(2), max(1, 2), int(2.5). Nothing where
/// there is none of that name for so many.
[[nodiscard]] std::optional<Operand> call_on_numbers(std::string_view name, std::span<const Operand> numbers);
[[nodiscard]] const std::vector<std::string>& number_function_names();

}  // namespace talweg
