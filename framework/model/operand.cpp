#include "model/operand.hpp"

#include <algorithm>
#include <cmath>
#include <talweg/error.hpp>

#include "graph/function.hpp"
#include "graph/op.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

bool holds_tensor(const Operand& operand) {
  if (operand.is_tensor()) return true;
  return operand.list() != nullptr && std::ranges::any_of(*operand.list(), holds_tensor);
}

DType dtype_of(const Operand& number, DType floating) {
  if (std::holds_alternative<bool>(number.content)) return DType::boolean;
  return std::holds_alternative<std::int64_t>(number.content) ? DType::int64 : floating;
}

std::string describe_row(std::int64_t size) {
  return size < 0 ? "a number" : "a list of " + std::to_string(size);
}

void shape_of(const Operand& operand, Integers& sizes) {
  for (const Operand* first = &operand; first->list() != nullptr; first = &first->list()->front()) {
    sizes.push_back(static_cast<std::int64_t>(first->list()->size()));
    if (first->list()->empty()) return;
  }
}

void fill(const Operand& operand, const Integers& sizes, std::size_t axis, DType floating,
          NumberArray& array) {
  if (axis == sizes.size()) {
    if (operand.list() != nullptr) throw Error(Status::model, "a list where a number is due");
    const std::optional<double> number = operand.number();
    if (!number) throw Error(Status::model, describe(operand) + " where a number is due");
    array.dtype = promote(array.dtype, dtype_of(operand, floating));
    array.values.push_back(*number);
    return;
  }
  const OperandList& list = *operand.list();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::int64_t size =
        list[i].list() == nullptr ? -1 : static_cast<std::int64_t>(list[i].list()->size());
    const std::int64_t due = axis + 1 == sizes.size() ? -1 : sizes[axis + 1];
    if (size != due)
      throw Error(Status::model, "the rows of an array differ in length: one is " + describe_row(due) +
                                     ", another " + describe_row(size));
    fill(list[i], sizes, axis + 1, floating, array);
  }
}

Value stack(Graph& graph, const OperandList& list) {
  std::vector<Value> parts;
  for (const Operand& operand : list) {
    const Value part = to_tensor(graph, operand);
    Integers sizes = {1};
    sizes.insert(sizes.end(), part.shape().begin(), part.shape().end());
    parts.push_back(reshape(part, Shape::checked(sizes)));
  }
  return concatenate(parts, 0);
}

}  // namespace

std::optional<double> Operand::number() const {
  if (const auto* flag = std::get_if<bool>(&content)) return *flag ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&content)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&content)) return *number;
  return std::nullopt;
}

std::optional<std::int64_t> Operand::integer() const {
  if (const auto* flag = std::get_if<bool>(&content)) return *flag ? 1 : 0;
  if (const auto* integer = std::get_if<std::int64_t>(&content)) return *integer;
  const auto* number = std::get_if<double>(&content);
  if (number == nullptr || std::floor(*number) != *number || std::abs(*number) > 0x1p53) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::string describe(const Operand& operand) {
  if (operand.is_none()) return "None";
  if (operand.is_tensor()) return "a tensor of shape " + to_string(operand.tensor()->shape());
  if (operand.list() != nullptr) return "a list";
  if (const Callable* callable = operand.callable())
    return (callable->module == nullptr ? "the function '" : "the module '") + callable->name + "'";
  if (operand.text() != nullptr) return "the text '" + *operand.text() + "'";
  if (const auto* flag = std::get_if<bool>(&operand.content)) return *flag ? "True" : "False";
  if (const auto* integer = std::get_if<std::int64_t>(&operand.content))
    return "the number " + std::to_string(*integer);
  return "the number " + format_number(*operand.number());
}

NumberArray to_array(const Operand& operand, DType floating) {
  Integers sizes;
  shape_of(operand, sizes);
  NumberArray array;
  array.shape = Shape::checked(sizes);
  fill(operand, sizes, 0, floating, array);
  if (array.values.empty()) array.dtype = floating;
  return array;
}

Value to_tensor(Graph& graph, const Operand& operand) {
  if (operand.is_tensor()) return *operand.tensor();
  if (const std::optional<double> number = operand.number())
    return constant(graph, *number, {}, dtype_of(operand, graph.floating()));
  if (operand.list() == nullptr) throw Error(Status::model, describe(operand) + " is not a tensor");
  if (holds_tensor(operand)) return stack(graph, *operand.list());
  NumberArray array = to_array(operand, graph.floating());
  return graph.add(OpRegistry::instance().get("array"), {},
                   {{"values", std::move(array.values)},
                    {"shape", Integers(array.shape.begin(), array.shape.end())},
                    {"dtype", static_cast<std::int64_t>(array.dtype)}});
}

}  // namespace talweg
