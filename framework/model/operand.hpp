#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "graph/value.hpp"

namespace talweg {

struct ModuleDefinition;

/// A function of the language, or a module: what a call calls and what a module takes as a value.
struct Callable {
  std::string name;
  const ModuleDefinition* module = nullptr;
};

struct Operand;
using OperandList = std::vector<Operand>;

/// What an expression is worth while a graph is built: a number, flag, text or list that is known then, or a
/// tensor, which is a node of the graph, or a function. std::monostate is None.
struct Operand {
  std::variant<std::monostate, bool, std::int64_t, double, std::string, OperandList, Value, Callable> content;

  [[nodiscard]] bool is_none() const { return std::holds_alternative<std::monostate>(content); }
  [[nodiscard]] bool is_tensor() const { return std::holds_alternative<Value>(content); }
  [[nodiscard]] const Value* tensor() const { return std::get_if<Value>(&content); }
  [[nodiscard]] const OperandList* list() const { return std::get_if<OperandList>(&content); }
  [[nodiscard]] const Callable* callable() const { return std::get_if<Callable>(&content); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&content); }
  /// A number or a flag, as a double.
  [[nodiscard]] std::optional<double> number() const;
  /// The same where it is whole: 4 and 4.0.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  [[nodiscard]] bool is_number() const { return number().has_value(); }
};

/// "a tensor of shape (4, 3)", "the number 0.5", "a list", "a text", "None", "the function relu".
[[nodiscard]] std::string describe(const Operand& operand);

/// A nested list of numbers as one array. Throws Error{model} without a place where rows differ in length or
/// an element is no number.
struct NumberArray {
  Shape shape;
  DType dtype = DType::boolean;  ///< NumPy's for these elements: bool, int64 or `floating`
  std::vector<double> values;
};
[[nodiscard]] NumberArray to_array(const Operand& operand, DType floating);

/// A node for any operand that can be one: numbers become constants, lists arrays or stacks of tensors.
/// Throws Error{model} without a place for texts, functions and None.
[[nodiscard]] Value to_tensor(Graph& graph, const Operand& operand);

}  // namespace talweg
