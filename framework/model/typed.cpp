#include "model/typed.hpp"

#include "model/place.hpp"
#include "support/numbers.hpp"

namespace talweg {
namespace {

/// A plain number, without the way over an expression.
std::optional<Operand> plain_number(const DocumentNode& node) {
  if (node.kind != DocumentNode::Kind::scalar || node.text.empty()) return std::nullopt;
  const char last = node.text.back();
  if (!(last >= '0' && last <= '9')) return std::nullopt;
  if (const auto integer = parse_integer(node.text)) return Operand{*integer};
  if (const auto number = parse_number(node.text)) return Operand{*number};
  return std::nullopt;
}

Operand read_element(Graph& graph, Scope& scope, const DocumentNode& node, const std::string& what) {
  if (auto number = plain_number(node)) return std::move(*number);
  if (node.kind == DocumentNode::Kind::sequence) {
    OperandList list;
    list.reserve(node.items.size());
    for (const DocumentNode& item : node.items) list.push_back(read_element(graph, scope, item, what));
    return {std::move(list)};
  }
  if (node.kind == DocumentNode::Kind::mapping)
    throw error_at(node.span, what + " is a number or a list of them, and this is a mapping");
  Operand operand = evaluate(parse_expression(node), scope, graph);
  if (operand.is_tensor())
    throw error_at(node.span, what + " is known before the model runs, and this is " + describe(operand));
  return operand;
}

/// Names the first row that differs from the rows before it.
void check_rows(const DocumentNode& node, const std::string& what) {
  const auto length = [](const DocumentNode& item) -> std::int64_t {
    return item.kind == DocumentNode::Kind::sequence ? static_cast<std::int64_t>(item.items.size()) : -1;
  };
  const auto shown = [](std::int64_t size) { return size < 0 ? "one number" : count(size, "element"); };
  for (const DocumentNode& item : node.items) {
    const DocumentNode& first = node.items.front();
    if (length(item) != length(first))
      throw error_at(item.span, "the rows of " + what + " differ in length: this has " + shown(length(item)) +
                                    ", the first has " + shown(length(first)))
          .note("the first row is on " + line_of(first.span));
    check_rows(item, what);
  }
}

}  // namespace

Operand read_constant(ModelContext& context, const DocumentNode& node, std::size_t limit,
                      const std::string& what) {
  ModelScope scope(context, limit);
  return read_element(context.graph(), scope, node, what);
}

Operand read_number_operand(ModelContext& context, const DocumentNode& node, std::size_t limit,
                            const std::string& what) {
  if (node.kind != DocumentNode::Kind::scalar)
    throw error_at(node.span, what + " is a number, and this is " + std::string(describe(node.kind)));
  Operand operand = read_constant(context, node, limit, what);
  if (!operand.is_number())
    throw error_at(node.span, what + " is a number, and this is " + describe(operand));
  return operand;
}

double read_number(ModelContext& context, const DocumentNode& node, std::size_t limit,
                   const std::string& what) {
  return *read_number_operand(context, node, limit, what).number();
}

std::int64_t read_integer(ModelContext& context, const DocumentNode& node, std::size_t limit,
                          const std::string& what, std::int64_t least) {
  const Operand operand = read_number_operand(context, node, limit, what);
  const std::optional<std::int64_t> integer = operand.integer();
  if (!integer) throw error_at(node.span, what + " is an integer, and this is " + describe(operand));
  if (*integer < least)
    throw error_at(node.span, what + " is at least " + std::to_string(least) + ", and this is " +
                                  std::to_string(*integer));
  return *integer;
}

Shape read_shape(ModelContext& context, const DocumentNode& node, std::size_t limit,
                 const std::string& what) {
  ModelScope scope(context, limit);
  return read_shape(context.graph(), scope, node, what);
}

bool read_flag(Graph& graph, Scope& scope, const DocumentNode& node, const std::string& what) {
  const Operand operand = read_element(graph, scope, node, what);
  if (const auto* flag = std::get_if<bool>(&operand.content)) return *flag;
  throw error_at(node.span, what + " is True or False, and this is " + describe(operand));
}

Shape read_shape(Graph& graph, Scope& scope, const DocumentNode& node, const std::string& what) {
  const Operand operand = read_element(graph, scope, node, what);
  const OperandList one = {operand};
  const OperandList& list = operand.list() != nullptr ? *operand.list() : one;
  Integers sizes;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Span place = node.items.size() == list.size() ? node.items[i].span : node.span;
    const std::optional<std::int64_t> size = list[i].integer();
    if (!size) throw error_at(place, what + " is of integers, and this is " + describe(list[i]));
    if (*size < 0) throw error_at(place, what + " has the negative size " + std::to_string(*size));
    sizes.push_back(*size);
  }
  try {
    return Shape::checked(sizes);
  } catch (Error& error) {
    throw error.at(node.span.location());
  }
}

NumberArray read_array(ModelContext& context, const DocumentNode& node, std::size_t limit,
                       const std::string& what) {
  ModelScope scope(context, limit);
  return read_array(context.graph(), scope, node, what);
}

NumberArray read_array(Graph& graph, Scope& scope, const DocumentNode& node, const std::string& what) {
  if (node.kind == DocumentNode::Kind::sequence) check_rows(node, what);
  try {
    return to_array(read_element(graph, scope, node, what), graph.floating());
  } catch (Error& error) {
    if (!error.has_location()) error.at(node.span.location());
    throw;
  }
}

}  // namespace talweg
